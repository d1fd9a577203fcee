import { leftAtNode } from '../../../phases/upgrade-marks.js';
import type { Reboots } from '../../reboots.js';
import { lookForUpdates } from './look.js';
import { planReboots } from './plan.js';

export const k3sReboots: Reboots = {
  look: lookForUpdates,
  left: (nodes) => [...(nodes?.values() ?? [])].filter((node) => leftAtNode(node)).map(({ name }) => name),
  plan: planReboots,
};
