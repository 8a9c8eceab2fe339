import type { Observer } from "./observer.ts";

/** One observer for several, each of which watches what it cares for; for none, nobody watches. */
export function observerOf(...watchers: readonly Partial<Observer>[]): Observer {
  return {
    phaseChanged: (...event) => watchers.forEach((watcher) => watcher.phaseChanged?.(...event)),
    statesOpened: (...event) => watchers.forEach((watcher) => watcher.statesOpened?.(...event)),
    roundStarted: (...event) => watchers.forEach((watcher) => watcher.roundStarted?.(...event)),
    foldersLeftAlone: (...event) =>
      watchers.forEach((watcher) => watcher.foldersLeftAlone?.(...event)),
    settled: (...event) => watchers.forEach((watcher) => watcher.settled?.(...event)),
    passEnded: (...event) => watchers.forEach((watcher) => watcher.passEnded?.(...event)),
    passFailed: (...event) => watchers.forEach((watcher) => watcher.passFailed?.(...event)),
    destinationChanged: (...event) =>
      watchers.forEach((watcher) => watcher.destinationChanged?.(...event)),
  };
}
