import { type Budget, DEFAULT_BUDGET } from '../sequence/index.ts';

/** What one function that somebody waits for may take: seconds, where a check of thousands has milliseconds. */
const STEPS = 1_000_000;
const OPERATIONS = 200_000;
const STATES = 512;
/** Of 192 blocks with as many as there may be. A function with hundreds of conditions took gigabytes. */
const STATES_IN_ALL = 192 * STATES;
const CALLEE_STATES = 16;
const CALLEE_EXITS = 8;

/** Times round a loop that maps, where nobody says how often. */
export const USUAL_COUNT = DEFAULT_BUDGET.iterations;

/**
 * The budget of a simulation that goes at most `count` times round a loop. Each turn has ways out of its own, and a success must
 * not be merged with a failure for want of room.
 */
export const simulationBudget = (count: number = USUAL_COUNT): Budget => ({
  ...DEFAULT_BUDGET,
  steps: STEPS,
  operations: OPERATIONS,
  states: STATES,
  statesInAll: STATES_IN_ALL,
  calleeStates: CALLEE_STATES * (count + 1),
  calleeExits: CALLEE_EXITS * (count + 1),
  iterations: count,
});

/** For the costs of many functions: a check's steps, with room to keep success and failure apart. */
export const COST_BUDGET: Budget = { ...DEFAULT_BUDGET, states: STATES };
