// One chat as its recipient sees it: bubbles, buttons, and how far each message has come.
import { h, write } from './dom.js'
import { clock } from './words.js'

const MEDIA = { image: 'Picture', video: 'Video', document: 'Document', location: 'Place' }
const TICKS = { sent: '✓', delivered: '✓✓', read: '✓✓' }

/**
 * How far a message has come, in words. Pure.
 * @param {{posted: string | null, becomes: string | null, failedWith: number | null}} message
 * @param {boolean} isTold whether webhooks go anywhere
 * @returns {{ticks: string, text: string, kind: string}}
 */
export function standing(message, isTold) {
  const { posted, becomes, failedWith } = message
  if (posted === 'failed') {
    return { ticks: '✕', text: `not delivered, ${failedWith}: the phone never shows it`, kind: 'bad' }
  }
  if (becomes === 'held') return { ticks: '…', text: 'held by Meta, not delivered yet', kind: 'warn' }
  if (becomes === 'paused') return { ticks: '✕', text: 'template paused: never delivered', kind: 'bad' }
  if (posted) return { ticks: TICKS[posted] ?? '✓', text: posted, kind: posted }
  if (!isTold) return { ticks: '✓', text: 'accepted; nobody is told more', kind: '' }
  return { ticks: '', text: becomes ? 'on its way' : 'accepted; its receipts are lost', kind: '' }
}

/**
 * What tells a message from all others of its chat. Pure.
 * @param {object} message
 * @returns {string}
 */
export function keyOf({ who, id, at, voice, text }) {
  return who === 'person' ? `${at} ${voice} ${text}` : id
}

/**
 * @param {object} message
 * @param {(message: object, button: object) => void} onReply a quick reply is pressed
 * @returns {HTMLElement}
 */
export function bubble(message, onReply) {
  return message.who === 'person' ? said(message) : received(message, onReply)
}

/**
 * Show how far a message has come by now.
 * @param {HTMLElement} element its bubble
 * @param {object} message
 * @param {boolean} isTold
 */
export function restate(element, message, isTold) {
  if (message.who === 'person') return
  const { ticks, text, kind } = standing(message, isTold)
  const below = element.querySelector('.below')
  below.className = `below ${kind}`
  write(below.querySelector('.ticks'), ticks)
  write(below.querySelector('.standing'), text)
}

function said(message) {
  return h('li', { class: 'mine' },
    h('div', { class: 'bubble' }, hidden('They wrote: '), h('p', {}, message.text)),
    h('p', { class: 'below' }, clock(message.at)))
}

function received(message, onReply) {
  return h('li', { class: 'theirs' },
    h('div', { class: 'bubble' },
      hidden('They got: '),
      header(message.header),
      h('p', {}, message.text),
      message.footer ? h('p', { class: 'footer' }, message.footer) : null),
    buttons(message, onReply),
    h('p', { class: 'below' },
      `${clock(message.at)} · `,
      h('span', { class: 'ticks', 'aria-hidden': 'true' }), ' ',
      h('span', { class: 'standing' })))
}

function header(given) {
  if (!given) return null
  if (given.kind === 'text') return h('p', { class: 'header' }, given.text)
  return h('div', { class: 'media' },
    h('b', {}, MEDIA[given.kind] ?? given.kind), h('span', {}, given.text || 'without an address'))
}

function buttons(message, onReply) {
  if (!message.buttons?.length) return null
  return h('ul', { class: 'buttons' },
    ...message.buttons.map((button) => h('li', {}, face(message, button, onReply))))
}

function face(message, button, onReply) {
  if (button.kind === 'quick_reply') {
    const press = () => onReply(message, button)
    return h('button', { type: 'button', class: 'quick-reply', onclick: press }, button.text)
  }
  return h('div', { class: 'leads' }, h('b', {}, button.text), h('span', {}, button.value))
}

function hidden(text) {
  return h('span', { class: 'unseen' }, text)
}
