import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Rooms whose tests run programs, and so take most of the time. */
const slow = ['scenarios', 'rare', 'kills', 'contract', 'templates', 'remote', 'providers/ssh', 'workspace', 'cli'];

/**
 * Begins with what takes long, so that none of it is left over for one worker at the end. Vitest orders files by how long
 * they took the last time, and by their size where it does not know: in a fresh clone.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isSlow = ({ moduleId }: TestSpecification): boolean =>
      slow.some((room) => moduleId.includes(`/test/${room}/`));
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))];
  }
}
