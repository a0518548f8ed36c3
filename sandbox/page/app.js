// The page: its three parts, and what the sandbox tells them.
import { arriving } from './arriving.js'
import { byId, write } from './dom.js'
import { faults } from './faults.js'
import { watch } from './live.js'
import { phone } from './phone.js'

const handset = phone(byId('phone'))
const switches = faults(byId('faults'))
const arrivals = arriving(byId('arriving'), handset.choose)

watch({ onNews, onState })

function onNews(news, isFirst) {
  if (news.emptied) arrivals.empty()
  if (news.figures) arrivals.tell(news.figures)
  if (news.faults || news.templates) switches.tell(news)
  if (isFirst || news.requests) hear(news.requests ?? [], isFirst)
  if (news.webhooks) handset.tell(news.webhooks)
  if (isFirst || news.emptied) handset.renew()
}

function hear(requests, isFirst) {
  arrivals.add(requests, isFirst)
  switches.prefer(requests.at(-1)?.template)
  if (requests.length) handset.heard(new Set(requests.map((request) => request.to)))
}

function onState(isLive) {
  const state = byId('live-state')
  state.classList.toggle('away', !isLive)
  write(state, isLive ? 'Live' : 'The sandbox does not answer. Trying again…')
}
