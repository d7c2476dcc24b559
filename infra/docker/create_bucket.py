"""Create the bucket of the lake if it does not exist.

`python create_bucket.py s3://preferstream/lake`.
"""

import os
import sys
from urllib.parse import urlsplit

import s3fs


def main() -> None:
    address = urlsplit(sys.argv[1] if len(sys.argv) == 2 else "")
    if address.scheme != "s3" or not address.netloc:
        sys.exit("usage: create_bucket.py s3://BUCKET/...")
    files = s3fs.S3FileSystem(endpoint_url=os.environ.get("PREFERSTREAM_S3_ENDPOINT"))
    if files.exists(address.netloc):
        print(f"the bucket {address.netloc} exists")
        return
    files.mkdir(address.netloc)
    print(f"created the bucket {address.netloc}")


if __name__ == "__main__":
    main()
