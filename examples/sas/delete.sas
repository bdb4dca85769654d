/* Deletes a model and waits until it is gone, so that its name can be used again. */

%let examples = /path/to/examples/sas;
%include "&examples./scr_modelops.sas";

%let model = sr-hmeq;

proc http method="DELETE" url="&scr_url./models/&model.?wait=60" out=answer timeout=90;
run;
%scr_expect(204)
%put NOTE: &model is deleted.;
