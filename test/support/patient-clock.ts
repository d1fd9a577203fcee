import { type Clock, systemClock } from '../../src/domain/clock.js';

/** The computer's clock, by which no deadline is ever up: on a busy computer many that take turns wait for long. */
export const patientClock: Clock = { ...systemClock, monotonic: () => 0 };
