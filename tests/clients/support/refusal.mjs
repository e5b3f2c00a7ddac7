import assert from 'node:assert/strict';

/** What a request was refused with; an answer instead fails the test. */
export async function refusal(request) {
  const outcome = await request.then((answer) => ({ answer }), (problem) => ({ problem }));
  assert.ok(outcome.problem, `expected a refusal, got ${JSON.stringify(outcome.answer)}`);
  return outcome.problem;
}
