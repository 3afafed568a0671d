"""The methods of the clients as flows, one module per area.

Each public function takes the session and the arguments of the method that it implements.
"""
