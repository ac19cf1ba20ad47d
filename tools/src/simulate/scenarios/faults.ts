/** What goes wrong with the network of a schedule: drawn when a connection stands, at a random time of its life. */

import type { SeededRandom, VirtualLink, World } from '@wirewright/core/testing';

/** @returns ends all faults, for the calm part of a schedule */
export function plantFaults(world: World, spanMs: number): () => void {
  const { net, clock } = world;
  const random = world.random.fork();
  const dialFaults = random.chance(0.3) ? 0.3 : 0;
  const linkFaults = random.chance(0.6) ? 0.5 : 0;
  // Half of the schedules have a rough wire: answers in pieces, requests in pieces, little room in the system.
  const rough = random.chance(0.5)
    ? { splitChance: random.next(), maxDeliveryBytes: random.integer(1, 200), capacityBytes: random.integer(64, 4096) }
    : {};
  const broken = new Set<VirtualLink>();
  let over = false;
  net.onDial = () => {
    if (over || !random.chance(dialFaults)) return 'accept';
    return random.pick(['refuse', 'refuse', 'black-hole', 'reset'] as const);
  };
  net.onLink = (link) => {
    link.up.change(rough);
    link.down.change(rough);
    if (over || !random.chance(linkFaults)) return;
    const timer = clock.setTimer(() => {
      if (over) return;
      broken.add(link);
      breakLink(random, link);
    }, random.next() * spanMs);
    timer.unref();
  };
  return () => {
    over = true;
    // What was broken is seen to be so; the others go on, with whatever they are owed.
    for (const link of broken) link.reset();
  };
}

function breakLink(random: SeededRandom, link: VirtualLink): void {
  const fault = random.integer(1, 6);
  if (fault === 1) link.reset();
  else if (fault === 2) link.reset('server');
  else if (fault === 3) link.close('server');
  else if (fault === 4) link.vanish('server', random.chance(0.5) ? 'silence' : 'reset');
  else if (fault === 5) link.blackHole(random.pick(['up', 'down', 'both'] as const));
  else {
    link.blackHole('both');
    link.heal('up');
  }
}
