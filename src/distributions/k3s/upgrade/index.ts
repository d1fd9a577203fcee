import type { Upgrades } from '../../upgrades.js';
import { readChannels } from './channels.js';
import { lookAtServers } from './look.js';
import { planSnapshot, planUpgrade } from './plan.js';

export const k3sUpgrades: Upgrades = {
  channels: readChannels,
  lookAtServers,
  snapshot: planSnapshot,
  plan: planUpgrade,
};
