/* Lists the models. */

%let examples = /path/to/examples/sas;
%include "&examples./scr_modelops.sas";

proc http method="GET" url="&scr_url./models" out=answer timeout=60;
run;
%scr_expect(200)

libname models json fileref=answer;

%macro print_models;
  %if not %sysfunc(exist(models.items)) %then %do;
    %put NOTE: There are no models yet.;
    %return;
  %end;
  proc sql;
    select model.name, model.image, status.phase
      from models.items as model
      left join models.items_status as status on model.ordinal_items = status.ordinal_items;
  quit;
%mend;
%print_models

libname models clear;
