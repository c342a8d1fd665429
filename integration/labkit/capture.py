"""tcpdump on a device, from before the first frame to the verdict."""

import struct

from .waiting import wait_until


class Capture:
    def __init__(self, run, place, device):
        name = f"capture-{place}-{device}"
        self.file = run.folder / f"{name}.pcap"
        log = run.folder / f"{name}.log"
        # -U: each frame is in the file as soon as it was seen; --immediate-mode: and it is seen at once.
        self.process = run.start(place, "tcpdump", "-i", device, "-U", "--immediate-mode", "-Z", "root",
                                 "-w", self.file, log=log.name)
        wait_until(lambda: "listening on" in log.read_text(errors="replace"), f"tcpdump on {device}")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def frames(self):
        """All frames up to now, oldest first."""
        data = self.file.read_bytes() if self.file.exists() else b""
        frames, offset = [], 24
        while offset + 16 <= len(data):
            length = struct.unpack_from("=I", data, offset + 8)[0]
            if offset + 16 + length > len(data):
                break
            frames.append(data[offset + 16:offset + 16 + length])
            offset += 16 + length
        return frames

    def with_marker(self, marker):
        return [f for f in self.frames() if marker in f]
