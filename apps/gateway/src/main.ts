import 'reflect-metadata';
import { runProcess } from '@tongbao/service';
import { Gateway } from './gateway.js';

runProcess('Tongbao gateway', async ({ host, port, gatewayRoutes, eventStoreUrl }, logger) => {
  const gateway = await Gateway.start({ host, port, routes: gatewayRoutes, logger });
  return { url: gateway.url, eventStoreUrl, stop: () => gateway.stop() };
});
