// How fast a job goes just now: outcomes of the last seconds, held in a few samples. Pure.

const SPAN_MS = 6000;
const LEAST_MS = 1000;
const STEP_MS = 250;

/** @typedef {{samples: Array<[number, number]>}} Rate */

/** @returns {Rate} */
export const newRate = () => ({ samples: [] });

/** Note how many have an outcome by now; more often than four times a second is passed over. */
export function noted(rate, now, done) {
  const last = rate.samples.at(-1);
  if (last && (now - last[0] < STEP_MS || done < last[1])) {
    if (done < last[1]) rate.samples = [[now, done]];
    return;
  }
  rate.samples.push([now, done]);
  while (rate.samples.length > 2 && now - rate.samples[1][0] >= SPAN_MS) rate.samples.shift();
}

/** Outcomes a second over the last six seconds; null before a second is known. */
export function perSecond(rate, now, done) {
  const first = rate.samples[0];
  if (!first || now - first[0] < LEAST_MS) return null;
  return Math.max(done - first[1], 0) / ((now - first[0]) / 1000);
}

/** After a time away what came at once says nothing of the pace: begin anew. */
export function forget(rate) {
  rate.samples = [];
}
