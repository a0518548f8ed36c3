// A phone: whose, what is on it, and what its owner answers.
import { ask } from './api.js'
import { bubble, keyOf, restate } from './chat.js'
import { byId, h, sync, write } from './dom.js'
import { trouble } from './words.js'

const LOOK_MS = 2000 // receipts come a second or two after the message
const SOON_MS = 300
const MOST_PEOPLE = 6
const MOST_MESSAGES = 50

/**
 * Builds the part into its section.
 * @param {HTMLElement} section
 * @returns {{choose: (to: string) => void, tell: (webhooks: object) => void,
 *   heard: (people: Set<string>) => void, renew: () => void}}
 */
export function phone(section) {
  const held = { to: '', isTold: true, hasAnswered: false, asked: 0, waits: {} }
  section.append(
    h('div', { class: 'head' }, h('h2', { id: 'phone-title' }, 'A phone')),
    h('p', { id: 'webhook-state', class: 'note warn', role: 'status', hidden: true }),
    finder(held),
    screen(),
    answering(held))
  setInterval(() => document.hidden || look(held), LOOK_MS)
  findPeople()
  choose(held, decodeURIComponent(location.hash.slice(1)))
  return {
    choose: (to) => choose(held, to),
    tell: (webhooks) => tell(held, webhooks),
    heard: (people) => hear(held, people),
    renew: () => soon(held, () => [findPeople(), look(held)]),
  }
}

function finder(held) {
  return h('div', { class: 'finder' },
    h('label', { for: 'phone-search' }, 'Whose phone'),
    h('input', { id: 'phone-search', type: 'search', inputmode: 'numeric', autocomplete: 'off',
      placeholder: 'Digits of a number', oninput: findPeople }),
    h('ul', { id: 'phone-people', class: 'people', 'aria-label': 'Who was written to last',
      onclick: (event) => {
        const pressed = event.target.closest('button')
        if (pressed) choose(held, pressed.dataset.to)
      } }))
}

function screen() {
  return h('div', { id: 'phone-screen', class: 'screen scroll', tabindex: '0', role: 'region',
    'aria-label': 'Chat' },
  h('p', { id: 'phone-empty', class: 'empty' },
    'Choose a number that was written to, and see what its owner sees.'),
  h('div', { role: 'log', 'aria-label': 'Messages' }, h('ol', { id: 'phone-chat', class: 'chat' })))
}

function answering(held) {
  const send = (event) => {
    event.preventDefault()
    const text = byId('phone-text').value.trim()
    if (text) answer(held, { text }).then((isTaken) => isTaken && (byId('phone-text').value = ''))
  }
  const one = (id, label, said) =>
    h('button', { id, type: 'button', onclick: () => answer(held, said) }, label)
  return h('form', { id: 'phone-answer', class: 'answering', hidden: true, onsubmit: send },
    h('label', { class: 'unseen', for: 'phone-text' }, 'Reply as this person'),
    h('input', { id: 'phone-text', autocomplete: 'off', maxlength: '4096',
      placeholder: 'Reply as this person' }),
    h('button', { id: 'phone-send', class: 'primary' }, 'Send'),
    h('div', { class: 'presses' },
      one('phone-stop', 'STOP', { text: 'STOP' }),
      one('phone-stop-marketing', 'Stop marketing', { preference: 'stop' }),
      one('phone-resume-marketing', 'Resume marketing', { preference: 'resume' })),
    h('p', { id: 'phone-said', class: 'said', role: 'status' }))
}

async function findPeople() {
  const part = byId('phone-search').value.replace(/\D/g, '')
  const found = await ask('GET', `/sandbox/people?part=${part}&limit=${MOST_PEOPLE}`)
  if (!found.ok || part !== byId('phone-search').value.replace(/\D/g, '')) return
  const { people } = found.data
  sync(byId('phone-people'), people, (person) => person.to, personButton)
  mark()
}

function personButton(person) {
  return h('li', {},
    h('button', { type: 'button', 'data-to': person.to, 'aria-pressed': 'false' },
      person.to))
}

function choose(held, to) {
  if (!to) return
  held.to = to
  history.replaceState(null, '', `#${encodeURIComponent(to)}`)
  write(byId('phone-title'), `The phone of ${to}`)
  write(byId('phone-said'), '')
  byId('phone-chat').replaceChildren()
  mark(to)
  look(held)
}

function mark(to = location.hash.slice(1)) {
  for (const button of byId('phone-people').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(button.dataset.to === to))
  }
}

async function look(held) {
  if (!held.to) return
  const { to } = held
  const asked = ++held.asked
  const query = `to=${encodeURIComponent(to)}&limit=${MOST_MESSAGES}`
  const found = await ask('GET', `/sandbox/phone?${query}`)
  if (found.ok && asked === held.asked) draw(held, found.data)
}

function draw(held, { messages, canWrite }) {
  const chat = byId('phone-chat')
  const view = byId('phone-screen')
  const isAtEnd = view.scrollHeight - view.scrollTop - view.clientHeight < 60 || !chat.children.length
  const reply = (message, button) => answer(held, {
    button: button.text, payload: button.value, message_id: message.id,
    phone_number_id: message.phone_number_id,
  })
  sync(chat, messages, keyOf, (message) => bubble(message, reply))
  messages.forEach((message, place) => restate(chat.children[place], message, held.isTold))
  byId('phone-answer').hidden = !canWrite
  byId('phone-empty').hidden = messages.length > 0
  write(byId('phone-empty'), 'Nothing was sent to this number yet.')
  if (isAtEnd || held.hasAnswered) view.scrollTop = view.scrollHeight
  held.hasAnswered = false
}

async function answer(held, said) {
  const given = await ask('POST', '/sandbox/inbound', { from: held.to, ...said })
  const line = byId('phone-said')
  line.classList.toggle('bad', !given.ok)
  write(line, given.ok ? told(given.data) : given.message)
  held.hasAnswered = given.ok
  look(held)
  return given.ok
}

function told({ posted }) {
  return posted ? 'On its way to Loopcast, by webhook.' : 'Written, and told to nobody.'
}

function tell(held, webhooks) {
  const note = byId('webhook-state')
  held.isTold = Boolean(webhooks.url)
  note.hidden = !trouble(webhooks)
  write(note, trouble(webhooks))
}

function hear(held, people) {
  if (people.has(held.to)) soon(held, () => look(held))
  if (!byId('phone-search').value) soon(held, findPeople, 'people')
}

/** Once, a little later, however often it is asked for. */
function soon(held, act, name = 'chat') {
  if (held.waits[name]) return
  held.waits[name] = setTimeout(() => {
    held.waits[name] = 0
    act()
  }, name === 'people' ? LOOK_MS : SOON_MS)
}
