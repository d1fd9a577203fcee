import type { Rotations } from '../../rotations.js';
import { lookAtCertificates, planCertificates } from './certificates.js';
import { planTokens } from './tokens.js';

export const k3sRotations: Rotations = { lookAtCertificates, planCertificates, planTokens };
