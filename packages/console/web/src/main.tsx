import { render } from 'preact';
import 'uplot/dist/uPlot.min.css';
import './styles/tokens.css';
import './styles/layout.css';
import './styles/parts.css';
import './styles/cluster.css';
import './styles/payment.css';
import { App } from './app';

const root = document.getElementById('app');
if (root !== null) render(<App />, root);
