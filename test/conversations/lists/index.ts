import type { Conversation } from '../../support/conversations.js';
import { discovery } from './discovery.js';
import { objects } from './objects.js';
import { patches } from './patches.js';
import { podsAndRights } from './pods.js';
import { reading } from './reading.js';
import { serverSideApply } from './apply.js';
import { watching } from './watching.js';

/** What is asked of a real API server and recorded; replayed, the answers should be the same anywhere. */
export const conversations: readonly Conversation[] = [
  discovery,
  objects,
  serverSideApply,
  patches,
  reading,
  watching,
  podsAndRights,
];
