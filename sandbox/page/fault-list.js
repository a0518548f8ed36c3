// The faults that can be switched: what each does, whether it is on, what turns it on. Pure.

const SLOW_MS = 2000
const THROTTLED_PER_SECOND = 5
const LOST = 0.1
const BROKEN = 0.3
const TOO_FAST = '130429'
const BROKEN_CODE = '131000'

/**
 * What is in force, as the sandbox tells it.
 * @typedef {object} State
 * @property {{now: object, usual: object}} faults
 * @property {{name: string, language: string, status: string, pausedAsUsual: boolean}[]} templates
 * @property {string} template key of the one that is chosen
 */

/**
 * @typedef {object} Fault
 * @property {string} id
 * @property {string} title
 * @property {string} does what the sandbox does
 * @property {string} see what one should see in Loopcast
 * @property {(state: State) => boolean} isOn
 * @property {(state: State) => object | null} on the change that turns it on; null: it cannot be
 * @property {(state: State) => object | null} off
 */

/** @type {Fault[]} */
export const FAULTS = [
  {
    id: 'slow',
    title: 'Slow answers',
    does: 'Every answer takes about 2 seconds.',
    see: 'Loopcast keeps more requests under way, and the rate holds.',
    isOn: ({ faults }) => faults.now.latencyMs > faults.usual.latencyMs,
    on: ({ faults }) => put({ latencyMs: Math.max(SLOW_MS, 2 * faults.usual.latencyMs) }),
    off: ({ faults }) => put({ latencyMs: faults.usual.latencyMs }),
  },
  {
    id: 'throttled',
    title: 'Throttled',
    does: 'A number may send 5 a second. What is more is answered 130429, with Retry-After: 1.',
    see: 'The number rests as long as it is told, then goes at half its pace. Nothing fails.',
    isOn: ({ faults }) =>
      isBelow(faults.now.throughputPerSecond, faults.usual.throughputPerSecond) ||
      share(faults.now, TOO_FAST) > share(faults.usual, TOO_FAST),
    on: () => put({ throughputPerSecond: THROTTLED_PER_SECOND }),
    off: ({ faults }) =>
      put({
        throughputPerSecond: faults.usual.throughputPerSecond,
        errors: withShare(faults.now, TOO_FAST, share(faults.usual, TOO_FAST)),
      }),
  },
  {
    id: 'token',
    title: 'Token dead',
    does: 'Every request is answered 190: the session has expired.',
    see: 'All jobs pause, with the reason. Nothing is lost: switch it off, and resume them.',
    isOn: ({ faults }) => faults.now.tokenDead,
    on: () => put({ tokenDead: true }),
    off: () => put({ tokenDead: false }),
  },
  {
    id: 'template',
    title: 'Template paused',
    does: 'Sends of this template are answered 132015, and a webhook says so.',
    see: 'Jobs with this template pause; others go on. Switch it off, and resume them.',
    isOn: (state) => chosen(state)?.status === 'PAUSED',
    on: (state) => restate(state, 'PAUSED'),
    off: (state) => restate(state, 'APPROVED'),
  },
  {
    id: 'lost',
    title: 'Lost answers',
    does: 'One send in ten is accepted, and its answer never comes.',
    see: 'After 10 seconds those messages are in doubt, and not sent again: receipts settle them.',
    isOn: ({ faults }) => faults.now.lostAnswers > faults.usual.lostAnswers,
    on: () => put({ lostAnswers: LOST }),
    off: ({ faults }) => put({ lostAnswers: faults.usual.lostAnswers }),
  },
  {
    id: 'broken',
    title: 'Errors at Meta’s',
    does: 'Three sends in ten are answered HTTP 500, 131000.',
    see: 'They are tried again after a while. Who meets it four times in a row fails.',
    isOn: ({ faults }) => share(faults.now, BROKEN_CODE) > share(faults.usual, BROKEN_CODE),
    on: ({ faults }) =>
      put({ errors: withShare(faults.now, BROKEN_CODE, room(faults.now, BROKEN_CODE, BROKEN)) }),
    off: ({ faults }) =>
      put({ errors: withShare(faults.now, BROKEN_CODE, share(faults.usual, BROKEN_CODE)) }),
  },
  {
    id: 'down',
    title: 'Meta is down',
    does: 'Everything is answered 503.',
    see: 'Sends are tried again for some seconds, then they fail. Afterwards, send to them again.',
    isOn: ({ faults }) => faults.now.down,
    on: () => put({ down: true }),
    off: () => put({ down: false }),
  },
]

/** The request that brings everything back. */
export const AS_USUAL = { method: 'DELETE', path: '/sandbox/faults', body: undefined }

/**
 * Whether anything differs from the start, by a switch or without one.
 * @param {State} state
 * @returns {boolean}
 */
export function isAsUsual(state) {
  const { now, usual } = state.faults
  const isSame = Object.keys(usual).every((key) => isEqual(now[key], usual[key]))
  return isSame && !state.templates.some(isPausedNow)
}

/**
 * Faults in force that no switch shows, in words.
 * @param {State} state
 * @returns {string[]}
 */
export function others({ faults: { now, usual }, templates, template }) {
  const shares = Object.entries(now.errors)
    .filter(([code, each]) => ![TOO_FAST, BROKEN_CODE].includes(code) && each > share(usual, code))
    .map(([code, each]) => `${Math.round(each * 1000) / 10} % of the sends are answered ${code}`)
  const pairs = isBelow(now.pairBurst, usual.pairBurst)
    ? [`one recipient gets ${now.pairBurst} messages in a row, then 131056`]
    : []
  const paused = templates
    .filter((each) => isPausedNow(each) && keyOf(each) !== template)
    .map((each) => `${keyOf(each)} is paused`)
  return [...shares, ...pairs, ...paused]
}

/**
 * A template's key, and what is to be read of it.
 * @param {{name: string, language: string}} template
 * @returns {string}
 */
export function keyOf(template) {
  return `${template.name} ${template.language}`
}

/**
 * The template that is the likeliest to be paused next: the one that is sent just now, unless the
 * chosen one is paused.
 * @param {State} state
 * @param {string} name of the template that is sent
 * @returns {string} its key; "": the choice stays
 */
export function likeliest(state, name) {
  const now = chosen(state)
  if (!name || now?.name === name || (now && isPausedNow(now))) return ''
  const found = state.templates.find((each) => each.name === name && !each.pausedAsUsual)
  return found ? keyOf(found) : ''
}

function isPausedNow(template) {
  return template.status === 'PAUSED' && !template.pausedAsUsual
}

function chosen({ templates, template }) {
  return templates.find((each) => keyOf(each) === template)
}

function restate(state, status) {
  const found = chosen(state)
  if (!found) return null
  const body = { name: found.name, language: found.language, status }
  return { method: 'POST', path: '/sandbox/templates', body }
}

function put(body) {
  return { method: 'PUT', path: '/sandbox/faults', body }
}

function share(faults, code) {
  return faults.errors[code] ?? 0
}

function withShare(faults, code, value) {
  const { [code]: _, ...others } = faults.errors
  return value ? { ...others, [code]: value } : others
}

/** As much as the other shares leave, `most` at most: together they are 1. */
function room(faults, code, most) {
  const taken = Object.entries(faults.errors).reduce(
    (sum, [each, value]) => (each === code ? sum : sum + value), 0)
  return Math.max(0, Math.min(most, Math.floor((1 - taken) * 1000) / 1000))
}

/** Of two limits, of which 0 is none, whether the first lets less through. */
function isBelow(limit, usual) {
  return limit > 0 && (usual === 0 || limit < usual)
}

function isEqual(one, other) {
  return JSON.stringify(one) === JSON.stringify(other)
}
