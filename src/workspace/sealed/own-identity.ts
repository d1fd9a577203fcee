import type { Boundary } from '../../domain/boundary.js';
import type { Clock, Random } from '../../domain/clock.js';
import { Secret } from '../../domain/secret.js';
import { Files } from '../files.js';
import type { Environment } from '../paths.js';
import { newIdentity, recipientOf } from './age.js';
import { identities, identityPath, identityText } from './identity.js';

export interface OwnIdentity {
  /** Where its file is; undefined where it comes from the environment. */
  readonly path: string | undefined;
  /** What others seal for: `age1…`. */
  readonly recipients: readonly string[];
  readonly created: boolean;
}

interface Parts {
  readonly env: Environment;
  readonly home: string;
  readonly quietFiles: Files;
  readonly clock: Clock;
  readonly boundary: Boundary;
  readonly random: Random;
  readonly warn: (text: string) => void;
}

/** This computer's identity, made where there is none. */
export async function ownIdentity(parts: Parts): Promise<OwnIdentity> {
  const { env, home, quietFiles, clock, random } = parts;
  const path = identityPath(env, home);
  let created = false;
  if (!env['SLIPWAY_AGE_KEY'] && (await quietFiles.read(path)) === undefined) {
    const identity = await newIdentity();
    const at = new Date(clock.now()).toISOString();
    const text = identityText(identity, await recipientOf(new Secret(identity)), at);
    // Of two that make one at once, the first counts.
    created = await new Files({ ...parts, root: home, random }).create(path, text);
  }
  const own = await identities(env, path, quietFiles);
  return {
    path: env['SLIPWAY_AGE_KEY'] ? undefined : path,
    recipients: await Promise.all(own.map(recipientOf)),
    created,
  };
}
