import { randomUUID } from 'node:crypto';
import type { handleUnaryCall } from '@grpc/grpc-js';
import { gossip, shared } from './protocol.js';

/**
 * Gossip.Read: a cluster of one leader. Its address is the one by which the client has reached it, as the server cannot know what lies between;
 * the address it listens on serves when the client says nothing.
 */
export function gossipHandler(listening: () => { host: string; port: number }): handleUnaryCall<shared.Empty, gossip.ClusterInfo> {
  const instanceId = randomUUID();
  return (call, callback) => {
    const { host, port } = authorityOf(call.getHost()) ?? listening();
    const member = new gossip.MemberInfo()
      .setInstanceId(new shared.UUID().setString(instanceId))
      .setTimeStamp(`${Date.now()}0000`)
      .setState(gossip.MemberInfo.VNodeState.LEADER)
      .setIsAlive(true)
      .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port));
    callback(null, new gossip.ClusterInfo().setMembersList([member]));
  };
}

function authorityOf(authority: string): { host: string; port: number } | undefined {
  const [, host, port] = /^(.+):(\d+)$/.exec(authority) ?? [];
  return host === undefined || port === undefined ? undefined : { host, port: Number(port) };
}
