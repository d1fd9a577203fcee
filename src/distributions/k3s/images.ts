import { slotLabel } from '../../domain/index.js';
import { needsOf, type Step, valueOf } from '../../engine/index.js';
import { deadlines } from '../../phases/deadlines.js';
import { openSession } from '../../phases/session.js';
import type { Images } from '../images.js';
import { sealImage } from './host/index.js';
import { installOn, loginStep } from './hosts.js';

const phase = 'Build image';

/** k3s with the images that it starts itself; a machine that is made from it downloads nothing before it joins. */
export const k3sImages: Images = {
  prepare(context, place, release, machine) {
    const login = { ...loginStep(context, place, machine), phase };
    const install: Step = {
      id: `install:${place.name}`,
      phase,
      target: slotLabel(place),
      text: `install k3s ${release} and its images`,
      needs: [...needsOf(machine), login],
      apply: (run) => installOn(context, run.output(login), release, run, { images: true }),
    };
    const seal: Step = {
      id: `seal:${place.name}`,
      phase,
      target: slotLabel(place),
      text: 'take off its disk what is its own: keys, logs, who it is',
      needs: [...needsOf(machine), install],
      apply: async (run) => {
        const session = await openSession(context.tools, valueOf(machine, run), deadlines.ssh, run);
        await session.run(sealImage(), run);
        await context.tools.remote.disconnect(place.name);
      },
    };
    return [login, install, seal];
  },
};
