export { HelmController } from './controller.js';
export { type ChartFault, ChartFaults, imageTrouble } from './faults.js';
export { HelmProgram } from './program.js';
