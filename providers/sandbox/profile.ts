import { UsageError } from '../../src/provider/index.js';
import type { SandboxProfile } from './types.js';

/** Milliseconds of a usual day at a European cloud, and a scale with which a first try takes seconds. */
export const defaultProfile: SandboxProfile = {
  timeScale: 0.05,
  apiLatencyMs: 120,
  serverCreateMs: 9_000,
  serverDeleteMs: 3_000,
  actionMs: 1_000,
  bootMs: 12_000,
  cloudInitMs: 15_000,
  smallTaskMs: 700,
  downloadMs: 6_000,
  firstServerMs: 20_000,
  joinServerMs: 15_000,
  joinAgentMs: 8_000,
  nodeReadyMs: 4_000,
  nodeLostMs: 40_000,
  podStartMs: 3_000,
  podStopMs: 2_000,
  lkeReadyMs: 120_000,
  lkeRestoreMs: 180_000,
  networkLimit: 100,
};

/** @throws UsageError code SANDBOX_PROFILE for a name that is no part of the profile, or a value below 0. */
export function profileWith(changes: Readonly<Record<string, unknown>>, base: SandboxProfile): SandboxProfile {
  for (const [name, value] of Object.entries(changes)) {
    if (!(name in base)) {
      throw new UsageError(`${name} is no part of the sandbox's profile.`, {
        code: 'SANDBOX_PROFILE',
        hint: `Known are ${Object.keys(base).join(', ')}.`,
      });
    }
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
      throw new UsageError(
        `${name} of the sandbox's profile must be a number from 0 up, not ${JSON.stringify(value)}.`,
        {
          code: 'SANDBOX_PROFILE',
          hint: 'Durations are milliseconds of a real cloud; timeScale multiplies them all.',
        },
      );
    }
  }
  return { ...base, ...changes };
}

/** A profile from the disk; what is missing or no number there is as it comes. */
export function storedProfile(stored: unknown): SandboxProfile {
  const valid = Object.entries(typeof stored === 'object' && stored !== null ? stored : {}).filter(
    ([name, value]) => name in defaultProfile && typeof value === 'number' && Number.isFinite(value) && value >= 0,
  );
  return { ...defaultProfile, ...Object.fromEntries(valid) };
}

/**
 * The scale that a variable or flag asks for: 1 is as slow as a real cloud.
 * @throws UsageError code BAD_TIME_SCALE
 */
export function timeScaleFrom(text: string): number {
  const scale = Number(text);
  if (text.trim() !== '' && Number.isFinite(scale) && scale >= 0 && scale <= 100) return scale;
  throw new UsageError(`SLIPWAY_SANDBOX_TIME_SCALE is ${JSON.stringify(text)}, which is no time scale.`, {
    code: 'BAD_TIME_SCALE',
    hint: 'Use a number from 0 to 100: 1 is as slow as a real cloud, 0.05 is the default.',
  });
}
