// Tells a person what takes so long: a line that is rewritten on a terminal, a few plain lines elsewhere.

/** Milliseconds as a person says them: "7 s", "2 min 05 s". */
export function renderDuration(ms) {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, "0")} s`;
}

/**
 * Progress of one slow step. Says nothing in the first second; then how long it has taken of how long it usually takes,
 * and how far it is: every second on a terminal, every half minute elsewhere and in the background.
 */
export function startProgress({ title, usually, isBackground = false, stream = process.stderr, now = Date.now }) {
  const started = now();
  const isRewriting = stream.isTTY === true && !isBackground;
  let state = "";
  let hasSpoken = false;
  let lastSpoken = Number.NEGATIVE_INFINITY;
  const elapsed = () => now() - started;
  const say = (text, isFinal) => {
    if (isRewriting) stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 80) - 1)}${isFinal ? "\n" : ""}`);
    else stream.write(`${text}\n`);
  };
  const tick = () => {
    if (elapsed() < 1000 || now() - lastSpoken < (isRewriting ? 0 : 30_000)) return;
    const time = `${renderDuration(elapsed())} of about ${usually}`;
    say(`mqtap: ${title}: ${[time, state].filter(Boolean).join(", ")}`, false);
    hasSpoken = true;
    lastSpoken = now();
  };
  const timer = setInterval(tick, 1000);
  timer.unref();
  const end = (how) => {
    clearInterval(timer);
    if (hasSpoken) say(`mqtap: ${title}: ${how} after ${renderDuration(elapsed())}`, true);
  };
  return {
    update: (text) => {
      state = text;
    },
    tick,
    done: () => end("done"),
    failed: () => end("failed"),
  };
}
