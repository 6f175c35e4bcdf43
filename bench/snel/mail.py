"""A mail server that says yes to everything and writes down when: as light as it can be, so that it is not measured.

It takes several steps at once, as mail servers do. Started by ground.py as `python -m bench.snel.mail FOLDER`; its port
goes to `post.poort`, each mail to `post.log`.
"""

import asyncio
import os
import sys
import time
from pathlib import Path


async def serve(folder: Path) -> None:
    """Takes mail until it is ended."""
    log = os.open(folder / "post.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 post\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 ga uw gang\r\n")
                await reader.readuntil(b"\r\n.\r\n")
                os.write(log, b"%.6f\n" % time.time())
                writer.write(b"250 ok\r\n")
            elif verb == b"QUIT":
                writer.write(b"221 dag\r\n")
                break
            else:
                writer.write(b"250-PIPELINING\r\n250 SMTPUTF8\r\n" if verb == b"EHLO" else b"250 ok\r\n")
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, limit=2**22)
    half = folder / "post.poort.half"
    half.write_text(str(server.sockets[0].getsockname()[1]))
    half.rename(folder / "post.poort")
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1])))
