// Figures, times and answers as a person says them. Pure.

const NUMBER = new Intl.NumberFormat('en')
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const ACCEPTED = 'ok'
const LATER = 'warn'
const REFUSED = 'bad'

const ANSWERS = {
  200: ['accepted', ACCEPTED],
  silent: ['accepted, never answered', LATER],
  dropped: ['connection cut', LATER],
  dripped: ['answered byte by byte', LATER],
  2: ['Meta is down', REFUSED],
  4: ['too many calls', LATER],
  100: ['invalid request', REFUSED],
  190: ['token dead', REFUSED],
  500: ['HTTP 500', REFUSED],
  502: ['HTTP 502', REFUSED],
  80007: ['too many calls', LATER],
  80008: ['too many calls', LATER],
  130429: ['too fast', LATER],
  130472: ['in an experiment', REFUSED],
  131000: ['error at Meta’s', REFUSED],
  131026: ['undeliverable', REFUSED],
  131031: ['account locked', REFUSED],
  131047: ['window is closed', REFUSED],
  131048: ['messaging limit', LATER],
  131049: ['held back for the recipient', REFUSED],
  131050: ['stopped marketing', REFUSED],
  131056: ['too often to one person', LATER],
  132000: ['wrong count of values', REFUSED],
  132001: ['no such template', REFUSED],
  132012: ['wrong kind of value', REFUSED],
  132015: ['template paused', REFUSED],
  132016: ['template disabled', REFUSED],
}

/**
 * @param {number} count
 * @returns {string}
 */
export function figure(count) {
  return NUMBER.format(count)
}

/**
 * @param {string | number} at a time as JSON or as milliseconds
 * @returns {string} the time of day where the reader is
 */
export function clock(at) {
  return CLOCK.format(new Date(at))
}

/**
 * What a request was told, and how good that is.
 * @param {string} told a code, an HTTP status, or a manner
 * @returns {{text: string, kind: 'ok' | 'warn' | 'bad'}}
 */
export function answer(told) {
  const [words, kind] = ANSWERS[told] ?? ['refused', REFUSED]
  const isCode = /^\d+$/.test(told) && told !== '200' && !words.startsWith('HTTP')
  return { text: isCode ? `${told} ${words}` : words, kind }
}

/**
 * The answers of a ledger, the most frequent first.
 * @param {Record<string, number>} told counts by answer
 * @param {number} most how many are named
 * @returns {{text: string, kind: string, count: number}[]}
 */
export function answers(told, most) {
  const sorted = Object.entries(told).sort(([, one], [, other]) => other - one)
  const named = sorted.slice(0, most).map(([each, count]) => ({ ...answer(each), count }))
  const rest = sorted.slice(most).reduce((sum, [, count]) => sum + count, 0)
  return rest ? [...named, { text: 'other answers', kind: 'bad', count: rest }] : named
}

/**
 * Where webhooks go, when that needs a word.
 * @param {{url: string | null, waiting: number, answer: string | null}} webhooks
 * @returns {string} "" when all is well
 */
export function trouble(webhooks) {
  if (!webhooks.url) {
    return (
      'Webhooks go nowhere: SANDBOX_WEBHOOK_URL is not set. Loopcast hears of no receipt and of ' +
      'nothing that people write. “make run” sets it.'
    )
  }
  if (!webhooks.waiting) return ''
  const why = webhooks.answer ? ` (last answer: ${webhooks.answer})` : ''
  return (
    `Loopcast does not take what is posted to ${webhooks.url}${why}. ` +
    `${figure(webhooks.waiting)} ${webhooks.waiting === 1 ? 'body waits' : 'bodies wait'} to be posted again.`
  )
}
