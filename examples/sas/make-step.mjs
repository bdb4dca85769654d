// Writes the custom step of SAS Studio from the macros beside it, so that the step needs nothing else:
//   node examples/sas/make-step.mjs > "examples/sas/Score with an SCR model.step"
// Its form was taken from public steps (sassoftware/sas-studio-custom-steps). It has not been run in SAS Studio.
import { readFileSync } from 'node:fs'

const NAME = 'Score with an SCR model.step'
const MACROS = readFileSync(new URL('scr_modelops.sas', import.meta.url), 'utf8')
const ADDRESS = 'http://scr-modelops.sas-model-inference.svc.cluster.local'
const MADE = '2026-11-26T00:00:00.000Z'

const ABOUT = `Score with an SCR model
=======================

Sends the rows of a table to a SAS Container Runtime model that a service scr-modelops has deployed, and puts the
model's outputs beside them. A row that can't be scored keeps its place, with the reason in the column _error; the log
has a NOTE with the counts, and a WARNING when rows failed.

To choose the model from a list, run the macro %scr_models before (examples/sas/scr_modelops.sas of scr-modelops): it
makes the table WORK.SCR_MODELS.

This step has NOT been run in SAS Studio. Its form follows public custom steps; its program is run in the tests of
scr-modelops by a reader of the macro language, and its requests are sent to the real service there.`

const control = (type, id, label, more = {}) => ({ id, type, label, visible: '', ...more })
const table = (type, id, label, more = {}) =>
  control(type, id, label, { required: true, placeholder: '', ...more })
const choice = (id, label, items) => control('radiogroup', id, label, { items })
const FROM = [
  { value: 'table', label: 'From the table that %scr_models makes' },
  { value: 'name', label: 'By its name' }
]
const LOGIN = [
  { value: 'viya', label: 'The token of this SAS session' },
  { value: 'none', label: 'None' }
]
const isFrom = from => ['$modelFrom', '=', from]

const ui = {
  showPageContentOnly: true,
  pages: [
    {
      id: 'pageOptions',
      type: 'page',
      label: 'Options',
      children: [
        { id: 'textUntried', type: 'text', text: 'Not tried in SAS Studio: see About.', visible: '' },
        table('inputtable', 'inputtable1', 'Table to score:'),
        choice('modelFrom', 'Choose the model:', FROM),
        table('inputtable', 'models', 'Table of models:', { required: false, visible: isFrom('table') }),
        control('columnselector', 'modelNames', 'Column of names:', {
          order: false,
          columntype: 'c',
          max: 1,
          min: null,
          visible: false,
          readonly: true,
          table: 'models'
        }),
        control('dropdown', 'modelPicked', 'Model:', {
          items: { ref: 'modelNames' },
          required: false,
          placeholder: '',
          visible: isFrom('table')
        }),
        control('textfield', 'modelNamed', 'Model:', {
          placeholder: 'sr-hmeq',
          required: false,
          visible: isFrom('name')
        }),
        table('outputtable', 'outputtable1', 'Scored table:')
      ]
    },
    {
      id: 'pageService',
      type: 'page',
      label: 'Service',
      children: [
        control('textfield', 'serviceUrl', 'Address of the service:', {
          placeholder: '',
          required: true
        }),
        choice('login', 'Login:', LOGIN)
      ]
    },
    {
      id: 'pageAbout',
      type: 'page',
      label: 'About',
      children: [{ id: 'textAbout', type: 'text', text: ABOUT, visible: '' }]
    }
  ],
  syntaxversion: '1.3.0',
  values: {
    inputtable1: { library: '', table: '' },
    modelFrom: FROM[0],
    models: { library: 'WORK', table: 'SCR_MODELS' },
    modelNames: [{ value: 'name' }],
    modelPicked: null,
    modelNamed: '',
    outputtable1: { library: '', table: '' },
    serviceUrl: ADDRESS,
    login: LOGIN[0]
  }
}

const program = `${MACROS}
/* ------------------------------------------------------------------------------------------------- the step */

%macro scr_custom_step;
  %local model token;
  %if &modelFrom eq table %then %let model = &modelPicked;
  %else %let model = &modelNamed;
  %if &login eq none %then %let token = none;
  %scr_connect(url=&serviceUrl, token=&token)
  %scr_score(data=&inputtable1, out=&outputtable1, model=&model)
%mend;
%scr_custom_step
`

const port = (name, minEntries) => ({
  name,
  displayName: name,
  localDisplayName: name,
  minEntries,
  maxEntries: 1,
  defaultEntries: 0,
  type: 'table'
})

const step = {
  creationTimeStamp: MADE,
  modifiedTimeStamp: MADE,
  createdBy: 'scr-modelops',
  modifiedBy: 'scr-modelops',
  name: NAME,
  displayName: NAME,
  localDisplayName: NAME,
  properties: {},
  metadataVersion: 0,
  version: 2,
  type: 'code',
  flowMetadata: {
    inputPorts: [port('inputtable1', 1), port('models', 0)],
    outputPorts: [{ ...port('outputtable1', 1), supportsView: false, requiresStructure: false }]
  },
  ui: JSON.stringify(ui),
  templates: { SAS: program }
}
process.stdout.write(`${JSON.stringify(step, null, 2)}\n`)
