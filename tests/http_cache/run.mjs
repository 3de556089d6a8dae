// Runs the suite with a time limit on each request, which it has not itself, and prints every result as JSON.
import fetch from 'node-fetch'
import { runTests, getResults } from './node_modules/http-cache-tests/client/runner.mjs'
import suites from './node_modules/http-cache-tests/tests/index.mjs'
import surrogate from './node_modules/http-cache-tests/tests/surrogate-control.mjs'

const LIMIT_MS = 10000
const within = (url, init) => fetch(url, { ...init, timeout: LIMIT_MS })
const all = [...suites, surrogate]

await runTests(all, within, false, process.env.npm_config_base)

const results = getResults()
const told = all.flatMap(suite => suite.tests.map(test => ({
  id: test.id,
  suite: suite.id,
  kind: test.kind || 'required',
  needs: test.depends_on || [],
  browser_only: test.browser_only === true,
  result: results[test.id] === undefined ? null : results[test.id]
})))
console.log(JSON.stringify(told))
