import type { handleUnaryCall } from '@grpc/grpc-js';
import { features, GossipService, ServerFeaturesService, StreamsService, type shared } from './protocol.js';

/** The version of EventStoreDB whose protocol this is; clients choose by it what they send. */
const PROTOCOL_VERSION = '24.10.0';

/** ServerFeatures.GetSupportedMethods: lower-cased names of services and methods. The client takes BatchAppend, because it is here. */
export function supportedMethodsHandler(): handleUnaryCall<shared.Empty, features.SupportedMethods> {
  const response = new features.SupportedMethods().setEventStoreServerVersion(PROTOCOL_VERSION);
  for (const service of [StreamsService, ServerFeaturesService, GossipService])
    for (const { path } of Object.values(service)) {
      const [, serviceName = '', methodName = ''] = path.toLowerCase().split('/');
      const method = new features.SupportedMethod().setServiceName(serviceName).setMethodName(methodName);
      // EventStoreDB names these: reads may be filtered by position, and the events of a stream read.
      if (path === StreamsService.read.path) method.setFeaturesList(['position', 'events']);
      response.addMethods(method);
    }
  return (_call, callback) => callback(null, response);
}
