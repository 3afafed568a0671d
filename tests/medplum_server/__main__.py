"""`python -m tests.medplum_server`: run the embedded server until Ctrl-C."""

import sys
import threading

from tests.medplum_server.process import start_server


def main(port: int) -> None:
    with start_server(port=port) as server:
        print(f"Medplum test server at {server.base_url}")
        print(f"client id      {server.client_id}")
        print(f"client secret  {server.client_secret}")
        print("Ctrl-C stops it; its data is gone then.", flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
