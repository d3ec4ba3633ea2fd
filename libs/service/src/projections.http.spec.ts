import { beforeEach, describe, expect, it } from '@jest/globals';
import { BuildRefused, RebuildStopped } from '@tongbao/read-model';
import { ProjectionsController, type RebuildReport, type RunningProjection } from './projections.http.js';

const report: RebuildReport = { generation: 2, events: 10, seconds: 1, equal: true, differences: [] };

/** A projection whose builds end when the spec says so. */
class FakeProjection implements RunningProjection {
  rebuilding: { reason: 'version' | 'rebuild' | 'compare'; stopped?: true } | undefined;
  readonly asked: unknown[] = [];
  end: (outcome: RebuildReport | Error) => void = () => undefined;

  status() {
    return { position: 5n, lagMs: 0, state: 'running', ...(this.rebuilding && { rebuilding: this.rebuilding }) };
  }

  rebuild(_?: undefined, options?: object): Promise<RebuildReport> {
    return this.#build('rebuild', options);
  }

  compare(): Promise<RebuildReport> {
    return this.#build('compare');
  }

  stopBuild(): Promise<void> {
    if (!this.rebuilding) return Promise.reject(new BuildRefused('nothing is being built'));
    this.rebuilding = { ...this.rebuilding, stopped: true };
    this.end(new RebuildStopped('stopped'));
    return Promise.resolve();
  }

  resumeBuild(_?: undefined, options?: object): Promise<RebuildReport | undefined> {
    const reason = this.rebuilding?.reason ?? 'rebuild';
    if (reason !== 'version') return this.#build(reason, options);
    this.rebuilding = { reason };
    return Promise.resolve(undefined);
  }

  dropBuild(): Promise<void> {
    this.rebuilding = undefined;
    return Promise.resolve();
  }

  #build(reason: 'rebuild' | 'compare', options?: object): Promise<RebuildReport> {
    this.asked.push([reason, options]);
    this.rebuilding = { reason };
    return new Promise((resolve, reject) => {
      this.end = (outcome) => {
        if (outcome instanceof Error) reject(outcome);
        else resolve(outcome);
      };
    });
  }
}

/** The outcome of a build is noted a moment after it is known. */
const noted = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('builds of projections', () => {
  let projection: FakeProjection;
  let controller: ProjectionsController;
  beforeEach(() => {
    projection = new FakeProjection();
    controller = new ProjectionsController(new Map([['ledger', projection]]));
  });

  it('run until they are done, and tell what they came to', async () => {
    expect(controller.rebuild('ledger', undefined)).toMatchObject({ job: { kind: 'rebuild', state: 'running' } });
    projection.end(report);
    await noted();
    expect(controller.get('ledger')).toMatchObject({ job: { kind: 'rebuild', state: 'done', report } });
    expect(projection.asked).toEqual([['rebuild', { force: false }]]);
  });

  it('are forced when they are asked to be', () => {
    controller.rebuild('ledger', { force: true });
    expect(projection.asked).toEqual([['rebuild', { force: true }]]);
  });

  it('are stopped, gone on with and dropped', async () => {
    controller.compare('ledger');
    expect(await controller.stop('ledger')).toMatchObject({ rebuilding: { reason: 'compare', stopped: true } });
    await noted();
    expect(controller.get('ledger')).toMatchObject({ job: { kind: 'compare', state: 'stopped' } });
    expect(await controller.resume('ledger', undefined)).toMatchObject({ job: { kind: 'compare', state: 'running' } });
    await controller.stop('ledger');
    await noted();
    expect(await controller.drop('ledger')).not.toHaveProperty('rebuilding');
    expect(controller.get('ledger')).not.toHaveProperty('job');
  });

  it('of a new version go on without a report', async () => {
    projection.rebuilding = { reason: 'version' };
    await controller.stop('ledger');
    expect(await controller.resume('ledger', undefined)).toMatchObject({ rebuilding: { reason: 'version' } });
  });

  it('that fail say why', async () => {
    controller.rebuild('ledger', undefined);
    projection.end(new Error('a bug'));
    await noted();
    expect(controller.get('ledger')).toMatchObject({ job: { state: 'failed', error: 'Error: a bug' } });
  });

  it.each<[string, string, (to: ProjectionsController) => unknown]>([
    ['a second one at once', 'state_conflict', (to) => [to.rebuild('ledger', undefined), to.compare('ledger')]],
    ['stopping nothing', 'state_conflict', (to) => to.stop('ledger')],
    ['going on with nothing', 'state_conflict', (to) => to.resume('ledger', undefined)],
    ['a projection that nobody knows', 'not_found', (to) => to.rebuild('books', undefined)],
    ['a body with what nobody knows', 'invalid', (to) => to.rebuild('ledger', { fast: true })],
  ])('are refused: %s', async (_, code, ask) => {
    await expect(Promise.resolve().then(() => ask(controller))).rejects.toMatchObject({ code });
  });

  it('are refused while another one is stopped', async () => {
    controller.rebuild('ledger', undefined);
    await controller.stop('ledger');
    await noted();
    expect(() => controller.rebuild('ledger', undefined)).toThrow('resume it or drop it first');
  });
});
