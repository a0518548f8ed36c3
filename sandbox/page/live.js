// What the sandbox tells as it happens, over one connection that comes back by itself.

const AGAIN_MS = 3000 // after the browser has given up, as it does when it is told 503

/**
 * @typedef {object} Listener
 * @property {(news: object, isFirst: boolean) => void} onNews isFirst: what was known is void
 * @property {(isLive: boolean) => void} onState
 */

/**
 * Watch for as long as the page is open.
 * @param {Listener} listener
 */
export function watch(listener) {
  const source = new EventSource('/sandbox/live')
  let isFirst = true
  source.onopen = () => {
    isFirst = true
    listener.onState(true)
  }
  source.onmessage = (event) => {
    listener.onNews(JSON.parse(event.data), isFirst)
    isFirst = false
  }
  source.onerror = () => {
    listener.onState(false)
    if (source.readyState === EventSource.CLOSED) setTimeout(watch, AGAIN_MS, listener)
  }
}
