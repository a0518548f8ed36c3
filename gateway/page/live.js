// A job's events as they come, and questions that are asked again and again while they are seen.

const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 15000;

/**
 * Watch a job over server-sent events. Comes back by itself after a lost connection, and says when
 * it is away. `onFrame(frame)` gets each frame, `onState(state)` one of "connecting", "live",
 * "away", "over" (the stream ended and has nothing more to say).
 * @param {string} jobId
 * @param {{detail?: string, follow?: string, onFrame: function(object): void, onState?: function(string): void}} options
 * @returns {function(): void} stops watching
 */
export function watchJob(jobId, { detail, follow, onFrame, onState = () => {} }) {
  let source = null;
  let timer = 0;
  let wait = FIRST_RETRY_MS;
  let isEnding = false;
  const query = new URLSearchParams(Object.entries({ detail, follow }).filter(([, value]) => value));

  const open = () => {
    source = new EventSource(`/api/bulk/realtime/${encodeURIComponent(jobId)}?${query}`);
    source.onopen = () => {
      wait = FIRST_RETRY_MS;
      onState("live");
    };
    source.onmessage = (event) => {
      const frame = JSON.parse(event.data);
      isEnding = frame.type === "job_completed" && follow !== "receipts";
      onFrame(frame);
    };
    source.onerror = lost;
  };
  const lost = () => {
    if (isEnding) return finish();
    onState("away");
    if (source.readyState !== EventSource.CLOSED) return undefined; // it comes back by itself
    timer = setTimeout(open, wait);
    wait = Math.min(wait * 2, LONGEST_RETRY_MS);
    return undefined;
  };
  const finish = () => {
    stop();
    onState("over");
  };
  const stop = () => {
    clearTimeout(timer);
    source?.close();
  };

  onState("connecting");
  open();
  return stop;
}

/**
 * Do something now and every `ms` after it was done, while the page is seen; at once when it is seen
 * again. `task` may be asynchronous: no two of it run at the same time.
 * @returns {{stop: function(): void, now: function(): Promise<void>}}
 */
export function every(ms, task) {
  let timer = 0;
  let isStopped = false;
  let isRunning = false;
  const run = async () => {
    clearTimeout(timer);
    if (isStopped || isRunning || document.hidden) return;
    isRunning = true;
    try {
      await task();
    } finally {
      isRunning = false;
      if (!isStopped) timer = setTimeout(run, ms);
    }
  };
  document.addEventListener("visibilitychange", run);
  run();
  return {
    now: run,
    stop: () => {
      isStopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", run);
    },
  };
}

/** Call `draw` once in the next frame, however often it is asked for. */
export function onceAFrame(draw) {
  let isAsked = false;
  return () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      draw();
    });
  };
}
