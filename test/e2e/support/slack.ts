/**
 * How much longer anything may take than an idle machine of two cores would let one expect before it counts as failed:
 * machines are shared, and chapters run side by side.
 */
export const slack = 2;
