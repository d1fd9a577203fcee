import type { Machine } from '../domain/machine.js';
import { IncompleteError } from '../errors/index.js';
import type { CallOptions, MachineProvider } from './port.js';

/** An image that was made from a prepared machine. */
export interface PreparedImage {
  /** The provider's own id. */
  readonly id: string;
  /** As a cluster file names it: `slipway/k3s-v1.36.5-k3s1`. Images of several architectures may share one. */
  readonly name: string;
  /** The image that the machine was made from; undefined where nothing says so. */
  readonly base: string | undefined;
  readonly architecture: 'amd64' | 'arm64' | undefined;
  /** A machine that is made from it needs so large a disk. */
  readonly diskGB: number;
  /** What is paid for; undefined while it is being made. */
  readonly sizeGB: number | undefined;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Whether machines can be made from it. */
  readonly ready: boolean;
}

export interface ImageRequest {
  readonly name: string;
  readonly base: string;
  /** It is off, and its disk is fit for others. */
  readonly machine: Pick<Machine, 'id' | 'name'>;
}

/**
 * An ability: the disk of a machine can be kept, and others made from it. `MachineRequest.image` may then be the name of such an
 * image: the newest is taken that is ready and of the type's architecture.
 */
export interface ImageKeeping {
  readonly images: {
    /** All that Slipway made, whichever cluster it was for. */
    list(options: CallOptions): Promise<readonly PreparedImage[]>;
    /** Resolves once it is ready. Asked again for the same machine, it is the one that was begun. */
    create(request: ImageRequest, options: CallOptions): Promise<PreparedImage>;
    /** Machines that were made from it stay; one already gone is success. */
    delete(image: Pick<PreparedImage, 'id'>, options: CallOptions): Promise<void>;
  };
}

/** An image of ours that was there when all was looked at. */
export const imageVanished = (name: string, type: string): IncompleteError =>
  new IncompleteError(`There is no image ${name} for ${type} any more.`, {
    code: 'IMAGE_VANISHED',
    hint: 'Build it again with `slipway image build`, or name another `image` in the cluster file; then run the same command again.',
  });

export const canKeepImages = <P extends MachineProvider>(provider: P): provider is P & ImageKeeping =>
  'images' in provider;
