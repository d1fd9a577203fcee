import { imagePrefix } from '../../src/domain/prepared-image.js';

/** Snapshots have no name of their own: it is a label, without what all begin with. */
export const nameLabel = 'slipway.dev/image';

/** The name that its labels give an image; undefined where it is none of ours. */
export const preparedNameOf = (labels: Readonly<Record<string, string>> | undefined): string | undefined =>
  labels?.[nameLabel] === undefined ? undefined : `${imagePrefix}${labels[nameLabel]}`;

/** As the label has it. */
export const labelOfName = (name: string): string => name.slice(imagePrefix.length);
