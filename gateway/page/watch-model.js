// What is known of a watched job: frames in, counts by loop and by state out. Pure; flat memory.

/** The parts of a loop, in the order in which they are drawn. `waiting` is what is left. */
export const PARTS = ["read", "delivered", "sent", "unknown", "failed", "skipped", "canceled"];
const CODES = Object.fromEntries(PARTS.map((part, at) => [part, at + 1]));
const [READ, DELIVERED, SENT, UNKNOWN, FAILED, SKIPPED] = PARTS.keys();
const TOTALS = ["sent", "failed", "unknown", "skipped", "canceled", "delivered", "read"];

/**
 * `counts` has PARTS.length figures a loop, `sent` among them being all that Meta took: with those
 * delivered and read. `known` is the state of each single message, by its place, where it is known.
 * `dirty` are loops (from 0) that have changed since they were drawn last.
 * @typedef {{job: any, total: number, loopSize: number, loops: number, counts: Int32Array,
 *   known: Uint8Array, totals: Record<string, number>, state: string, current: number,
 *   pauseUntil: number, dirty: Set<number>}} Model
 */

/** A model of a job as the API answers it. @returns {Model} */
export function newModel(job) {
  const loops = job.totalLoops;
  const model = {
    job, total: job.totalRecipients, loopSize: job.loopSize, loops,
    counts: new Int32Array(loops * PARTS.length), known: new Uint8Array(job.totalRecipients + 1),
    totals: {}, state: job.state, current: 0, pauseUntil: 0, dirty: new Set(),
  };
  adopt(model, job, true);
  return model;
}

/** How many messages of the job have an outcome. */
export const done = ({ totals }) => totals.sent + totals.failed + totals.unknown + totals.skipped + totals.canceled;

/** How many a loop (from 0) has; the last one may be shorter. */
export const sizeOf = (model, loop) => Math.min(model.loopSize, model.total - loop * model.loopSize);

/** The loop (from 0) of a message (from 1). */
export const loopOf = (model, seq) => Math.floor((seq - 1) / model.loopSize);

/**
 * Take an answer about the job. One that was on its way while frames came in may be older than
 * they are: unless it `isFresh`, what would go backwards is passed over.
 */
export function adopt(model, job, isFresh) {
  const isNewer = isFresh || doneOf(job) >= done(model);
  model.job = job;
  if (isNewer) {
    model.state = job.state;
    for (const name of TOTALS) model.totals[name] = job[name];
  }
  model.current = Math.max(model.current, job.currentLoop);
  for (const loop of job.loops ?? []) adoptLoop(model, loop, isFresh);
}

const doneOf = (job) => job.sent + job.failed + job.unknown + job.skipped + job.canceled;

function adoptLoop(model, told, isFresh) {
  const loop = told.loop - 1;
  if (loop >= model.loops) return;
  const sum = told.sent + told.failed + told.unknown + told.skipped + told.canceled;
  if (!isFresh && sum < doneIn(model, loop)) return;
  for (const part of ["sent", "failed", "unknown", "skipped", "canceled"]) put(model, loop, CODES[part] - 1, told[part]);
}

function doneIn(model, loop) {
  const at = loop * PARTS.length;
  return model.counts[at + SENT] + model.counts[at + UNKNOWN] + model.counts[at + FAILED] + model.counts[at + SKIPPED] + model.counts[at + 6];
}

function put(model, loop, part, value) {
  const at = loop * PARTS.length + part;
  const most = sizeOf(model, loop);
  const fitting = Math.min(Math.max(value, 0), most);
  if (model.counts[at] === fitting) return;
  model.counts[at] = fitting;
  model.dirty.add(loop);
}

const add = (model, loop, part, more) => put(model, loop, part, model.counts[loop * PARTS.length + part] + more);

/**
 * Take a frame of the event stream. Frames that a snapshot contains already (they are told again
 * after a lost connection) count nothing twice: each carries the job's figures as of itself.
 * @param {Model} model @param {any} frame @param {number} now in milliseconds
 */
export function taken(model, frame, now) {
  TAKERS[frame.type]?.(model, frame, now);
}

const TAKERS = {
  connection: (model, frame) => adopt(model, frame.job, true),
  loop_started: (model, frame) => {
    model.current = Math.max(model.current, frame.loopIndex);
    if (frame.loopIndex >= model.current) model.pauseUntil = 0;
    model.dirty.add(frame.loopIndex - 1);
    if (model.state === "queued") model.state = "running";
  },
  message_sent: (model, frame) => outcome(model, frame, SENT),
  message_failed: (model, frame) => outcome(model, frame, FAILED),
  message_skipped: (model, frame) => skipped(model, frame),
  loop_completed: loopCompleted,
  progress,
  message_status: receipt,
  job_state: (model, frame) => moved(model, frame.state),
  job_completed: (model, frame) => {
    moved(model, frame.state);
    for (const name of ["sent", "failed", "unknown", "skipped"]) model.totals[name] = Math.max(frame[name], 0);
    model.totals.canceled += Math.max(model.total - done(model), 0); // of a job that is over nobody waits
  },
};

function moved(model, state) {
  model.state = state;
  model.pauseUntil = 0;
  model.dirty.add(Math.max(model.current - 1, 0));
}

function outcome(model, frame, part) {
  const isNew = frame.sent + frame.failed > model.totals.sent + model.totals.failed;
  mark(model, frame.seq, part + 1);
  if (!isNew) return;
  add(model, frame.loopIndex - 1, part, 1);
  model.totals.sent = frame.sent;
  model.totals.failed = frame.failed;
}

function skipped(model, frame) {
  mark(model, frame.seq, SKIPPED + 1);
  if (frame.skipped <= model.totals.skipped) return;
  add(model, frame.loopIndex - 1, SKIPPED, 1);
  model.totals.skipped = frame.skipped;
}

function loopCompleted(model, frame, now) {
  const loop = frame.loopIndex - 1;
  const isOld = frame.loopIndex < model.current;
  if (frame.pauseMs && !isOld) model.pauseUntil = now + frame.pauseMs;
  const at = loop * PARTS.length;
  if (frame.sent + frame.failed + frame.unknown + frame.skipped < doneIn(model, loop)) return;
  if (!isOld) {
    model.totals.unknown += Math.max(frame.unknown - model.counts[at + UNKNOWN], 0);
    model.totals.skipped += Math.max(frame.skipped - model.counts[at + SKIPPED], 0);
  }
  put(model, loop, SENT, frame.sent);
  put(model, loop, FAILED, frame.failed);
  put(model, loop, UNKNOWN, frame.unknown);
  put(model, loop, SKIPPED, frame.skipped);
}

/** Where single messages are not told, what is new belongs to the loop that is on. */
function progress(model, frame) {
  const loop = Math.max(model.current - 1, 0);
  if (frame.sent + frame.failed <= model.totals.sent + model.totals.failed) return;
  add(model, loop, SENT, Math.max(frame.sent - model.totals.sent, 0));
  add(model, loop, FAILED, Math.max(frame.failed - model.totals.failed, 0));
  model.totals.sent = frame.sent;
  model.totals.failed = frame.failed;
}

function receipt(model, frame) {
  const loop = loopOf(model, frame.seq);
  const before = model.known[frame.seq];
  const state = frame.state ?? frame.status;
  const hasChanged = mark(model, frame.seq, CODES[state]);
  const isTaken = state !== "failed" && state !== "skipped";
  if (hasChanged && !isTaken && before === CODES.sent) swap(model, loop, SENT, CODES[state] - 1);
  if (hasChanged && isTaken && before === CODES.unknown) swap(model, loop, UNKNOWN, SENT);
  if (frame.sent + frame.failed + frame.unknown + frame.skipped < done(model) - model.totals.canceled) return;
  for (const name of TOTALS) if (name in frame) model.totals[name] = frame[name];
}

function swap(model, loop, from, to) {
  add(model, loop, from, -1);
  add(model, loop, to, 1);
}

/**
 * Write down what a single message is. Nothing goes back from read to delivered, from there to sent,
 * nor from any of these to failed. @returns {boolean} whether that was new
 */
export function mark(model, seq, code) {
  const old = model.known[seq];
  if (!code || seq > model.total || old === code || rank(code) < rank(old)) return false;
  const loop = loopOf(model, seq);
  if (old === CODES.read || old === CODES.delivered) add(model, loop, old - 1, -1);
  if (code === CODES.read || code === CODES.delivered) add(model, loop, code - 1, 1);
  model.known[seq] = code;
  model.dirty.add(loop);
  return true;
}

const RANKS = { [CODES.unknown]: 1, [CODES.sent]: 2, [CODES.failed]: 3, [CODES.skipped]: 3, [CODES.delivered]: 4, [CODES.read]: 5 };
const rank = (code) => RANKS[code] ?? 0;

/** Take messages as `GET …/messages` lists them: what became of each before anybody watched. */
export function seed(model, messages) {
  for (const { seq, state } of messages) mark(model, seq, CODES[state]);
}

/** Loops (from 0) of a job as it was answered that have more in doubt than are known one by one. */
export function untold(model, job) {
  const doubtful = (job.loops ?? []).filter(({ loop, unknown }) => unknown && loop <= model.loops);
  return doubtful.map(({ loop }) => loop - 1).filter((loop, at) => knownIn(model, loop, CODES.unknown) < doubtful[at].unknown);
}

function knownIn(model, loop, code) {
  const first = loop * model.loopSize + 1;
  return model.known.subarray(first, first + sizeOf(model, loop)).reduce((sum, known) => sum + (known === code), 0);
}

/** What a message is: a name of PARTS, or "waiting". */
export const stateOf = (model, seq) => PARTS[model.known[seq] - 1] ?? "waiting";

/**
 * How the loops from `first` to `last` (from 0, both included) are made up, each message counted
 * once: `sent` are those that are not delivered, as far as is known.
 * @returns {Record<string, number>} with `size`
 */
export function shares(model, first, last = first) {
  const sums = PARTS.map((_, part) => {
    let sum = 0;
    for (let loop = first; loop <= last; loop += 1) sum += model.counts[loop * PARTS.length + part];
    return sum;
  });
  sums[SENT] = Math.max(sums[SENT] - sums[READ] - sums[DELIVERED], 0);
  const size = Math.min((last + 1) * model.loopSize, model.total) - first * model.loopSize;
  return withRest(Object.fromEntries(PARTS.map((part, at) => [part, sums[at]])), size);
}

/** The same of the whole job. */
export function jobShares({ totals, total }) {
  const { sent, delivered, read, unknown, failed, skipped: left, canceled } = totals;
  const parts = { read, delivered: Math.max(delivered - read, 0), sent: Math.max(sent - delivered, 0), unknown, failed, skipped: left, canceled };
  return withRest(parts, total);
}

function withRest(parts, size) {
  const had = PARTS.reduce((sum, part) => sum + parts[part], 0);
  return { ...parts, waiting: Math.max(size - had, 0), size };
}
