/** The processes: Resource Managers and Transaction Managers. */
import type { LiveView } from '../../../src/api/views';
import { duration, whole } from '../format';
import { Panel, Scrolling } from '../parts/basics';

export function Nodes({ view }: { readonly view: LiveView }) {
  return (
    <Panel title="Processes">
      <Scrolling label="Processes">
        <table>
          <thead>
            <tr>
              <th scope="col">Process</th>
              <th scope="col">Condition</th>
              <th scope="col">Does</th>
            </tr>
          </thead>
          <tbody>
            {view.nodes.map(({ rm, address, isUp, isWell, condition, leads, replicas }) => (
              <tr key={rm} data-node={rm} data-up={String(isUp)}>
                <th scope="row">
                  {rm} <small>{address}</small>
                </th>
                <td>
                  <span class={`state ${isWell ? 'good' : isUp ? 'wait' : 'bad'}`}>{condition}</span>
                </td>
                <td>{isUp ? `leads ${leads.length === 0 ? 'nothing' : leads.join(', ')}; ${replicas} replicas` : '\u2013'}</td>
              </tr>
            ))}
            {view.managers.map(({ address, id, isUp, uptimeMs, inFlight }) => (
              <tr key={address} data-manager={address} data-up={String(isUp)}>
                <th scope="row">
                  {id ?? 'Transaction Manager'} <small>{address}</small>
                </th>
                <td>
                  <span class={`state ${isUp ? 'good' : 'bad'}`}>{isUp ? 'answers' : 'does not answer'}</span>
                </td>
                <td>{isUp ? `${whole(inFlight ?? 0)} under way${uptimeMs === null ? '' : `, up for ${duration(uptimeMs)}`}` : '\u2013'}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </Panel>
  );
}
