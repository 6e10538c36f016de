// The same triggers as rules of json-rules-engine; reads what the benches export.
//
// `node peer.mjs SET.json COUNT conditions|lists` decides the first COUNT comments once to warm up and once by the clock,
// and prints nanoseconds for each and every answer. Its own `contains` is for lists alone, so words have an operator of
// their own: by `conditions` a word is a condition, as the engine's documentation writes rules; by `lists` one condition
// takes all the words of a group, which leaves it less to do.
import { readFileSync } from 'node:fs'
import { Engine } from 'json-rules-engine'

const [file, count, way] = process.argv.slice(2)
const { triggers, comments } = JSON.parse(readFileSync(file, 'utf8'))
const engine = new Engine([], { allowUndefinedFacts: true })
engine.addOperator('includes', (text, word) => text.includes(word))
engine.addOperator('containsAny', (text, words) => words.some((word) => text.includes(word)))
engine.addOperator('sharesAny', (tags, wanted) => wanted.some((tag) => tags.includes(tag)))
let winner = null
triggers.forEach((trigger, place) => {
  const all = trigger.groups.map((words) =>
    way === 'lists'
      ? { fact: 'text', operator: 'containsAny', value: words }
      : { any: words.map((value) => ({ fact: 'text', operator: 'includes', value })) },
  )
  if (trigger.posts.length > 0) all.unshift({ fact: 'post', operator: 'in', value: trigger.posts })
  if (trigger.tags.length > 0) all.unshift({ fact: 'tags', operator: 'sharesAny', value: trigger.tags })
  // Every rule has the same priority, so that all are looked at together: the faster way of this engine.
  engine.addRule({ conditions: { all }, event: { type: 'match', params: { place } } })
})
engine.on('match', ({ place }) => {
  if (winner === null || place < winner) winner = place
})

async function pass(chosen) {
  const answers = []
  for (const { text, post, tags } of chosen) {
    winner = null
    await engine.run({ text: text.toLowerCase(), post, tags })
    answers.push(winner === null ? null : triggers[winner].id)
  }
  return answers
}

const chosen = comments.slice(0, Number(count))
await pass(chosen)
const start = process.hrtime.bigint()
const answers = await pass(chosen)
const each = Number(process.hrtime.bigint() - start) / chosen.length
console.log(JSON.stringify({ each, answers }))
