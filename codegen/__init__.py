"""The generator: reads the definitions under specs/ and writes generated/. Never shipped."""
