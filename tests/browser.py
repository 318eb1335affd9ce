"""Debian's Chromium, without a window, asked over the DevTools protocol what a page looks like to a reader."""

import fcntl
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

INSTALL = "the pages are opened in Chromium, which is not here: apt-get install -y chromium"
SCHEMES, WIDTHS = ("light", "dark"), (1600, 400)
_FLAGS = ["--headless=new", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage"]
_FLAGS += ["--no-first-run", "--disable-extensions", "--disable-background-networking"]

#: Template text anywhere, styles included; figures without a mark in colour, or with words that cannot be read on
#: the page; and whether anything makes the page wider than the window.
_LOOK = r"""(() => {
  document.querySelectorAll("details").forEach(each => each.open = true);
  const found = [], wrong = document.documentElement.textContent.match(/\{\{|\{%|\{#/);
  if (wrong) found.push("template text " + wrong[0]);
  const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const known = new Map();
  const rgba = colour => {
    if (!known.has(colour)) {
      paint.clearRect(0, 0, 1, 1); paint.fillStyle = "#0000"; paint.fillStyle = colour;
      paint.fillRect(0, 0, 1, 1); known.set(colour, paint.getImageData(0, 0, 1, 1).data);
    }
    return known.get(colour);
  };
  const bright = colour => [...rgba(colour)].slice(0, 3).map(c => c / 255)
    .map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [.2126, .7152, .0722][i], 0);
  const coloured = colour => {
    const [r, g, b, a] = rgba(colour);
    return a > 0 && Math.max(r, g, b) - Math.min(r, g, b) > 40;
  };
  const paper = bright(getComputedStyle(document.body).backgroundColor);
  const figures = [...document.querySelectorAll("svg[role=img]")];
  for (const svg of figures) {
    const label = svg.getAttribute("aria-label"), marks = svg.querySelectorAll("path, use, rect, circle, line");
    if (![...marks].some(mark => ["fill", "stroke"].some(part => coloured(getComputedStyle(mark)[part]))))
      found.push("no mark in colour: " + label);
    for (const text of svg.querySelectorAll("text")) {
      const ends = [bright(getComputedStyle(text).fill), paper].sort();
      if ((ends[1] + .05) / (ends[0] + .05) < 4.5) { found.push("words that cannot be read: " + label); break; }
    }
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push("wider than the window by " + wide);
  return JSON.stringify({found, figures: figures.length});
})()"""


class Browser:
    """One Chromium, for all pages; commands go through its pipes, so that no port is opened."""

    def __init__(self, folder: Path) -> None:
        program = shutil.which("chromium")
        assert program, INSTALL
        ours, theirs = os.pipe(), os.pipe()
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (ours[0], theirs[1])]
        redirected = f'exec "$@" 3<&{ends[0]} 4>&{ends[1]}'
        command = ["bash", "-c", redirected, "bash", program, *_FLAGS, f"--user-data-dir={folder}", "about:blank"]
        quiet: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._process = subprocess.Popen(command, pass_fds=ends, start_new_session=True, **quiet)
        for end in (*ends, ours[0], theirs[1]):
            os.close(end)
        self._commands, self._answers = os.fdopen(ours[1], "wb"), os.fdopen(theirs[0], "rb")
        self._rest, self._number, self._session = b"", 0, ""
        self._complaints: list[str] = []
        self._loaded = False
        targets = self.ask("Target.getTargets")["targetInfos"]
        target = next(each["targetId"] for each in targets if each["type"] == "page")
        self._session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command; what else arrives is noted."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        self._commands.write(json.dumps(message).encode() + b"\0")
        self._commands.flush()
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._answers.fileno(), 1 << 16)
            assert read, f"Chromium ended with status {self._process.poll()}"
            self._rest += read
        first, _, self._rest = self._rest.partition(b"\0")
        message = json.loads(first)
        method, about = message.get("method"), message.get("params", {})
        if method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Runtime.exceptionThrown":
            self._complaints.append(about["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self._complaints.append(str(about["args"]))
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self._complaints.append(about["entry"]["text"])
        return message

    def open(self, page: Path) -> None:
        """Load a page."""
        self._complaints, self._loaded = [], False
        self.ask("Page.navigate", url=page.as_uri())
        while not self._loaded:
            self._next()

    def show(self, scheme: str, width: int) -> None:
        """Look at the page on light or dark paper, so many pixels wide."""
        self.ask("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.ask("Emulation.setDeviceMetricsOverride", **size)

    def faults(self, page: Path) -> tuple[list[str], int]:
        """What is wrong with a page on any paper and at any width, each once, and how many figures it has."""
        self.open(page)
        found, figures = [], 0
        for scheme, width in zip(SCHEMES, WIDTHS, strict=True):
            self.show(scheme, width)
            seen = json.loads(self.ask("Runtime.evaluate", expression=_LOOK)["result"]["value"])
            found += [f"{scheme}, {width} px: {fault}" for fault in seen["found"]]
            figures = seen["figures"]
        return [f"console: {each}" for each in self._complaints] + found, figures

    def close(self) -> None:
        """End the browser and all that it started."""
        self._commands.close()
        self._answers.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own, both gone in the end."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        opened = Browser(Path(folder))
        try:
            yield opened
        finally:
            opened.close()
