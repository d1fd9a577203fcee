import type { Settings } from '../../settings.js';
import { planSettings } from './plan.js';

export const k3sSettings: Settings = { plan: planSettings };
