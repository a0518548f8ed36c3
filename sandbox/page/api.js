// Requests to the sandbox. A no is a value, with its sentence.

const PATIENCE_MS = 10_000

/**
 * @typedef {{ok: true, data: any} | {ok: false, message: string}} Answer
 */

/**
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body] sent as JSON
 * @returns {Promise<Answer>}
 */
export async function ask(method, path, body) {
  const given = body === undefined ? {} : { body: JSON.stringify(body) }
  try {
    const answer = await fetch(path, { method, ...given, signal: AbortSignal.timeout(PATIENCE_MS) })
    const data = await answer.json()
    return answer.ok ? { ok: true, data } : { ok: false, message: data.message ?? answer.statusText }
  } catch {
    return { ok: false, message: 'The sandbox does not answer. Is it still running?' }
  }
}
