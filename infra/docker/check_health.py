"""Health check of a container: exit with code 0 when the given address answers 200."""

import sys
import urllib.error
import urllib.request

SECONDS = 4


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit("usage: check_health.py http://127.0.0.1:PORT/healthz")
    try:
        urllib.request.urlopen(sys.argv[1], timeout=SECONDS).close()
    except urllib.error.HTTPError as error:
        sys.exit(f"{error.code}: {error.read().decode('utf-8', 'replace')[:500]}")
    except OSError as error:
        sys.exit(f"{sys.argv[1]} does not answer: {error}")


if __name__ == "__main__":
    main()
