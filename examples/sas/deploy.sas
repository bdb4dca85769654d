/* Deploys a model, or makes the one of this name what is said here, and waits until it serves. Safe to run again. */

%let examples = /path/to/examples/sas;
%include "&examples./scr_modelops.sas";

%let model = sr-hmeq;
%let image = registry.demo/sr_hmeq_logreg:1.0;

proc json out=body nosastags;
  write open object;
  write values "name" "&model";
  write values "image" "&image";
  write close;
run;

/* The service waits up to 300 s for the model; timeout= is longer than that. */
proc http method="PUT" url="&scr_url./models/&model.?wait=300" in=body ct="application/json" out=answer timeout=330;
run;
%scr_expect(200 201 202)

%macro tell;
  %if &SYS_PROCHTTP_STATUS_CODE eq 202 %then %put WARNING: &model is still starting. Run this program again to go on waiting.;
  %else %put NOTE: &model is ready.;
%mend;
%tell
