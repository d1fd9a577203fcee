import { preparedMark } from './labels.js';

/** What names of images begin with that Slipway made. */
export const imagePrefix = 'slipway/';

/** `slipway/`, the distribution and its release, in the letters that names of images may have. */
export const preparedImageName = (distribution: string, release: string): string =>
  `${imagePrefix}${distribution}-${preparedMark(release)}`;

/** The pool of the machine that an image is made from: no file can have one of that name. */
export const imagePool = 'slipway-image';

/** What the label of that machine says once nothing is left to do but to keep its disk. */
export const sealedStandby = 'sealed';
