// The faults as switches. A switch shows what is in force, and not what was pressed.
import { ask } from './api.js'
import { byId, h, write } from './dom.js'
import { AS_USUAL, FAULTS, isAsUsual, keyOf, likeliest, others } from './fault-list.js'

const NO_TEMPLATE = { ok: false, message: 'There is no template to pause.' }
const IS_AS_USUAL = 'Everything is as usual. Jobs that were paused wait for you to resume them.'

/**
 * Builds the part into its section.
 * @param {HTMLElement} section
 * @returns {{tell: (news: object) => void, prefer: (template: string) => void}}
 */
export function faults(section) {
  const state = { faults: null, templates: [], template: '' }
  section.append(
    heading(),
    h('p', { id: 'faults-said', class: 'said', role: 'status' }),
    h('ul', { class: 'faults scroll' }, ...FAULTS.map((fault) => item(fault, state))),
    h('p', { id: 'faults-others', class: 'note', hidden: true }))
  return {
    tell: (news) => {
      Object.assign(state, pick(news))
      draw(state)
    },
    prefer: (name) => prefer(state, name),
  }
}

function pick({ faults, templates }) {
  return { ...(faults && { faults }), ...(templates && { templates }) }
}

function heading() {
  return h('div', { class: 'head' },
    h('h2', { id: 'faults-title' }, 'Faults'),
    h('button', { id: 'everything-as-usual', type: 'button', onclick: calm },
      'Everything as usual'))
}

function item(fault, state) {
  const id = `fault-${fault.id}`
  return h('li', {},
    h('div', { class: 'fault-head' },
      h('h3', { id: `${id}-title` }, fault.title),
      fault.id === 'template' ? chooser(state) : null,
      h('button', {
        id, type: 'button', role: 'switch', class: 'switch', 'aria-checked': 'false',
        'aria-labelledby': `${id}-title`, 'aria-describedby': `${id}-does ${id}-see`,
        onclick: () => press(fault, state),
      }, h('span', { class: 'word', 'aria-hidden': 'true' }, 'Off'))),
    h('p', {},
      h('span', { id: `${id}-does` }, fault.does), ' ',
      h('span', { id: `${id}-see`, class: 'quiet' }, fault.see)),
    h('p', { id: `${id}-said`, class: 'said bad', role: 'alert' }))
}

function chooser(state) {
  const choose = (event) => {
    state.template = event.currentTarget.value
    state.isChosen = true
    draw(state)
  }
  return h('select', { id: 'fault-template-which', 'aria-label': 'Which template',
    onchange: choose })
}

async function press(fault, state) {
  if (!state.faults) return
  const isOn = fault.isOn(state)
  const request = isOn ? fault.off(state) : fault.on(state)
  const answer = request ? await ask(request.method, request.path, request.body) : NO_TEMPLATE
  write(byId(`fault-${fault.id}-said`), answer.ok ? '' : answer.message)
  write(byId('faults-said'), '')
}

async function calm() {
  const answer = await ask(AS_USUAL.method, AS_USUAL.path, AS_USUAL.body)
  byId('faults-said').classList.toggle('bad', !answer.ok)
  write(byId('faults-said'), answer.ok ? IS_AS_USUAL : answer.message)
  for (const fault of FAULTS) write(byId(`fault-${fault.id}-said`), '')
}

/** The template that is sent just now is the one to pause, until somebody chooses. */
function prefer(state, name) {
  const key = state.isChosen ? '' : likeliest(state, name)
  if (!key) return
  state.template = key
  draw(state)
}

function draw(state) {
  if (!state.faults) return
  drawTemplates(state)
  for (const fault of FAULTS) drawSwitch(byId(`fault-${fault.id}`), fault.isOn(state))
  byId('everything-as-usual').disabled = isAsUsual(state)
  const also = others(state)
  byId('faults-others').hidden = !also.length
  write(byId('faults-others'), `Also in force: ${also.join('; ')}.`)
}

function drawSwitch(element, isOn) {
  element.setAttribute('aria-checked', String(isOn))
  write(element.firstElementChild, isOn ? 'On' : 'Off')
}

function drawTemplates(state) {
  const select = byId('fault-template-which')
  const keys = state.templates.map(keyOf)
  if (!keys.includes(state.template)) state.template = keys[0] ?? ''
  const labels = state.templates.map((each) => `${keyOf(each)}${mark(each)}`)
  if (labels.join('\n') !== [...select.options].map((each) => each.text).join('\n')) {
    select.replaceChildren(...labels.map((label, place) => h('option', { value: keys[place] }, label)))
  }
  select.value = state.template
}

function mark(template) {
  return template.status === 'APPROVED' ? '' : ` (${template.status.toLowerCase()})`
}
