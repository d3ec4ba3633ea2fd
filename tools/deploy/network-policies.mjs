// What the NetworkPolicies of an overlay let through. As much of them as they use: labels of pods and namespaces, blocks of addresses, TCP ports.

/** @returns (from, to, port) => what is wrong, or undefined; from and to are `{labels}`, `{namespace, labels}` or `{address: true}` for what is outside */
export function networkOf(objects) {
  const policies = objects.filter(({ kind }) => kind === 'NetworkPolicy').map(({ metadata, spec }) => ({ name: metadata.name, ...spec }));
  return (from, to, port) => {
    if (!lets(policies, 'Egress', from, to, port)) return `no network policy lets it out to port ${port}`;
    if (!lets(policies, 'Ingress', to, from, port)) return `no network policy lets it in on port ${port}`;
    return undefined;
  };
}

/** Whoever no policy of that direction selects may do everything. */
function lets(policies, direction, subject, peer, port) {
  if (subject.namespace !== undefined || subject.address) return true;
  const own = policies.filter(({ podSelector, policyTypes }) => policyTypes.includes(direction) && selects(podSelector, subject.labels));
  if (own.length === 0) return true;
  const rules = own.flatMap((policy) => (direction === 'Egress' ? (policy.egress ?? []) : (policy.ingress ?? [])));
  return rules.some((rule) => {
    const peers = direction === 'Egress' ? rule.to : rule.from;
    const isPort = !rule.ports || rule.ports.some((each) => (each.protocol ?? 'TCP') === 'TCP' && each.port === port);
    return isPort && (!peers || peers.some((each) => isPeer(each, peer)));
  });
}

function isPeer({ podSelector, namespaceSelector, ipBlock }, peer) {
  if (ipBlock) return peer.address === true;
  if (peer.address) return false;
  const isNamespace = namespaceSelector
    ? selects(namespaceSelector, { 'kubernetes.io/metadata.name': peer.namespace })
    : peer.namespace === undefined;
  return isNamespace && (!podSelector || selects(podSelector, peer.labels ?? {}));
}

function selects({ matchLabels = {}, matchExpressions = [] }, labels) {
  return (
    Object.entries(matchLabels).every(([key, value]) => labels[key] === value) &&
    matchExpressions.every(({ key, operator, values }) => {
      if (operator !== 'In') throw new Error(`the checks do not know the operator ${operator}`);
      return values.includes(labels[key]);
    })
  );
}
