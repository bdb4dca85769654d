/* scr-modelops in SAS: include this file once, say where the service is, and call the macros.

     %scr_connect(url=, token=)                         where the service is, and the login
     %scr_models(out=)                                  lists the models
     %scr_deploy(model=, image=, min=, max=, window=)   deploys a model, or makes it what is said here
     %scr_update(model=, image=, min=, max=, window=)   changes what is named and keeps all else
     %scr_delete(model=)
     %scr_logs(model=, tail=)                           what the model printed, into the log
     %scr_score(data=, out=, model=)                    a table to a table
     %scr_score_csv(in=, out=, model=)                  a CSV file to a CSV file
     %scr_challenger(model=, image=, tag=, percent=)    deploys a new version beside the one that serves
     %scr_compare(model=, data=, challenger=, out=)     scores a table on both, and tells how they agree
     %scr_traffic(model=, table=)                       who has how much of the traffic; with table= sets it
     %scr_promote(model=, tag=, revision=)              gives one revision all the traffic
     %scr_rollback(model=)                              goes back to the traffic table before

   A macro that fails prints the service's own words, what happened and what to do, and ends the program.
   They write the filerefs ANSWER and SCR_..., the library SCR_JSON, and the tables WORK.SCORED and WORK.SCR_....
   None of this has been run on SAS itself: docs/sas.md says what was tested, and how. */

filename answer temp;

/* Without it the service is the one inside the same cluster. */
%macro scr_connect(url=http://scr-modelops.sas-model-inference.svc.cluster.local, token=);
  %global scr_url scr_login;
  %let scr_url = &url;
  /* SAS Viya's own token, where the service takes it; a token of the cluster or of an OpenID provider; none: no login. */
  %if %length(%superq(token)) eq 0 %then %let scr_login = oauth_bearer=sas_services;
  %else %if %superq(token) eq none %then %let scr_login = ;
  %else %let scr_login = oauth_bearer="&token";
%mend;
%scr_connect()

/* Ends the program unless the last PROC HTTP got one of these statuses: prints what was wrong and what to do about it.
   from= is the fileref of its OUT=. */
%macro scr_expect(statuses, from=answer);
  %local status;
  %let status = none;
  /* Without a connection the status of an earlier call would still be there. */
  %if &SYSERR le 4 and %symexist(SYS_PROCHTTP_STATUS_CODE) %then %let status = &SYS_PROCHTTP_STATUS_CODE;
  %if %sysfunc(indexw(&statuses, &status)) %then %return;
  %put ERROR: The service answered &status, expected was &statuses..;
  %if &status ne none %then %do;
    libname scr_json json fileref=&from;
    %if &SYSLIBRC eq 0 %then %do;
      data _null_;
        length detail remedy $2000;
        set scr_json.root;
        put 'ERROR: ' detail;
        put 'ERROR: What to do: ' remedy;
      run;
      libname scr_json clear;
    %end;
    %else %do;
      /* Not from the service but from something in front of it. */
      data _null_;
        infile &from lrecl=32767;
        input;
        put _infile_;
      run;
    %end;
  %end;
  %abort cancel;
%mend;

/* After a call that waits. */
%macro scr_waited(what);
  %if &SYS_PROCHTTP_STATUS_CODE eq 202 %then
    %put WARNING: &what: not yet. Call the macro again to go on waiting.;
  %else %put NOTE: &what..;
%mend;

/* ---------------------------------------------------------------------------------------------------- models */

%macro scr_models(out=work.scr_models);
  proc http method="GET" url="&scr_url./models?limit=500" &scr_login out=answer timeout=60;
  run;
  %scr_expect(200)
  libname scr_json json fileref=answer;
  /* Lengths first: a model that is not ready has no address, and then the column would not be there. */
  data &out;
    length name $63 image $500 createdAt $32 generation 8 url $500 phase $12;
    label createdAt='created' phase='readiness';
    %if %sysfunc(exist(scr_json.items)) %then %do;
      merge scr_json.items scr_json.items_status;
      by ordinal_items;
    %end;
    %else %do;
      stop;
    %end;
    keep name image createdAt generation url phase;
  run;
  libname scr_json clear;
  proc print data=&out noobs label;
  run;
%mend;

/* The fileref SCR_BODY with what is given of a model: image, and how it scales. */
%macro scr_fields(image, min, max, window);
  filename scr_body temp;
  proc json out=scr_body nosastags;
    write open object;
    %if %length(&image) %then %do;
      write values "image" "&image";
    %end;
    %if %length(&min.&max.&window) %then %do;
      write values "scaling";
      write open object;
      %if %length(&min) %then %do;
        write values "minScale" &min;
      %end;
      %if %length(&max) %then %do;
        write values "maxScale" &max;
      %end;
      %if %length(&window) %then %do;
        write values "window" "&window";
      %end;
      write close;
    %end;
    write close;
  run;
%mend;

/* Waits until the model serves; safe to call again. A field that is left out goes back to its default, also one that
   somebody else has set: %scr_update keeps it. window= is over which the load is averaged, e.g. 60s. */
%macro scr_deploy(model=, image=, min=, max=, window=);
  %scr_fields(&image, &min, &max, &window)
  /* The service waits up to 300 s; timeout= is longer than that. */
  proc http method="PUT" url="&scr_url./models/&model.?wait=300" &scr_login in=scr_body ct="application/json" out=answer timeout=330;
  run;
  %scr_expect(200 201 202)
  %scr_waited(&model is deployed and serves)
%mend;

%macro scr_update(model=, image=, min=, max=, window=);
  %scr_fields(&image, &min, &max, &window)
  proc http method="PATCH" url="&scr_url./models/&model.?wait=300" &scr_login in=scr_body ct="application/json" out=answer timeout=330;
  run;
  %scr_expect(200 202)
  %scr_waited(&model is changed and serves)
%mend;

/* Waits until it is gone, so that its name can be used again. */
%macro scr_delete(model=);
  proc http method="DELETE" url="&scr_url./models/&model.?wait=60" &scr_login out=answer timeout=90;
  run;
  %scr_expect(202 204)
  %scr_waited(&model is deleted)
%mend;

/* The last lines of each pod. */
%macro scr_logs(model=, tail=100);
  proc http method="GET" url="&scr_url./models/&model./logs?tail=&tail" &scr_login out=answer timeout=60;
  run;
  %scr_expect(200)
  data _null_;
    infile answer lrecl=32767;
    input;
    put _infile_;
  run;
%mend;

/* --------------------------------------------------------------------------------------------------- scoring */

/* The table WORK.SCR_SENT, a copy of its own: a view, or a table that others write, may have other rows a moment later.
   And the fileref SCR_ROWS with it as CSV. PROC EXPORT writes what a format shows: dates as they look, and without a
   format only 12 characters of a number. */
%macro scr_export(data);
  data work.scr_sent;
    set &data;
  run;
  data work.scr_rows / view=work.scr_rows;
    set work.scr_sent;
    format _numeric_ best32.;
  run;
  filename scr_rows temp encoding='utf-8';
  proc export data=work.scr_rows outfile=scr_rows dbms=csv replace;
  run;
%mend;

/* Scores a table: out= has its columns and the outputs, with the types and lengths that the model declares. An output
   that has the name of a column takes its place. A row that could not be scored keeps its place, with empty outputs
   and the reason in _error. Columns that the model does not know do no harm. */
%macro scr_score(data=, out=, model=);
  %scr_export(&data)

  /* The program that reads the answer. Fetched first: a wrong name of a model shows here. */
  filename scr_step temp;
  proc http method="GET" url="&scr_url./models/&model./signature?format=sas%nrstr(&)columns=outputs" &scr_login out=scr_step timeout=300;
  run;
  %scr_expect(200, from=scr_step)

  /* Only the outputs come back: the rest is in the table, with its own types and formats. */
  proc http method="POST" url="&scr_url./models/&model./score?columns=outputs" &scr_login timeout=600
    in=MULTI FORM("data"=scr_rows FILENAME="rows.csv" header="Content-Type: text/csv")
    out=answer;
  run;
  /* Exactly 200: with any other status there are no scored rows. */
  %scr_expect(200)

  /* Reads the fileref ANSWER into WORK.SCORED. */
  %include scr_step;

  /* As many rows as were sent, in their order: then each belongs to the row of the same number. */
  data _null_;
    if rows_sent ne rows_read then do;
      put 'ERROR: ' rows_sent 'rows were sent and ' rows_read 'read.';
      abort cancel;
    end;
    stop;
    set work.scr_sent nobs=rows_sent;
    set work.scored nobs=rows_read;
  run;

  data &out;
    merge work.scr_sent work.scored;
  run;

  data _null_;
    if scr_last then do;
      put 'NOTE: ' scr_rows "rows were scored by &model, " scr_failed 'of them failed.';
      if scr_failed then put 'WARNING: ' scr_failed "rows could not be scored: _error in &out says why.";
      stop;
    end;
    set work.scored end=scr_last;
    scr_rows + 1;
    scr_failed + (_error ne ' ');
  run;
%mend;

/* Scores a CSV file with a header line into another, which gets its name when all of it is there. */
%macro scr_score_csv(in=, out=, model=);
  %local rows failed rc;
  filename scr_in "&in";
  filename scr_head temp;
  proc http method="POST" url="&scr_url./models/&model./score" &scr_login timeout=600
    in=MULTI FORM("data"=scr_in FILENAME="rows.csv" header="Content-Type: text/csv")
    out=answer headerout=scr_head;
  run;
  %scr_expect(200)

  /* As bytes, whatever is in them. */
  filename scr_from "%sysfunc(pathname(answer))" recfm=n;
  filename scr_to "&out" recfm=n;
  %let rc = %sysfunc(fcopy(scr_from, scr_to));
  %if &rc ne 0 %then %do;
    %put ERROR: The scored file could not be written to &out: %sysfunc(sysmsg());
    %abort cancel;
  %end;

  data _null_;
    infile scr_head truncover;
    input scr_line $char256.;
    if lowcase(scan(scr_line, 1, ':')) = 'scoring-rows' then call symputx('rows', scan(scr_line, 2, ' '), 'L');
    if lowcase(scan(scr_line, 1, ':')) = 'scoring-failed' then call symputx('failed', scan(scr_line, 2, ' '), 'L');
  run;
  %if %length(&rows) %then %do;
    %put NOTE: &rows rows were scored by &model, &failed of them failed.;
    %if &failed ne 0 %then %put WARNING: &failed rows could not be scored: the column _error of &out says why.;
  %end;
  /* A scoring that takes long is answered as it goes on, before the counts are known. */
  %else %put NOTE: The rows are in &out.. A row whose column _error is not empty could not be scored.;
%mend;

/* --------------------------------------------------------------------------------- champion and challenger */

/* A new version beside the one that serves, with percent= of the traffic; waits until it is ready. The rest serves on,
   whatever becomes of it. Safe to call again. */
%macro scr_challenger(model=, image=, tag=challenger, percent=0);
  filename scr_body temp;
  proc json out=scr_body nosastags;
    write open object;
    write values "image" "&image" "tag" "&tag" "percent" &percent;
    write close;
  run;
  proc http method="POST" url="&scr_url./models/&model./revisions?wait=300" &scr_login in=scr_body ct="application/json" out=answer timeout=330;
  run;
  %scr_expect(200 201 202)
  %scr_waited(The challenger of &model is ready)
%mend;

/* The same rows on two revisions, by tag or name: how often they agree, output by output, into out=. Without champion=
   it is the revision with the most traffic. */
%macro scr_compare(model=, data=, challenger=challenger, champion=, out=work.scr_compare);
  %local query;
  %let query = challenger=&challenger;
  %if %length(&champion) %then %let query = &query.%nrstr(&)champion=&champion;
  %scr_export(&data)
  proc http method="POST" url="&scr_url./models/&model./compare?&query" &scr_login timeout=600
    in=MULTI FORM("data"=scr_rows FILENAME="rows.csv" header="Content-Type: text/csv")
    out=answer;
  run;
  %scr_expect(200)
  libname scr_json json fileref=answer;
  /* Lengths first: only numbers have differences. */
  data &out;
    length name $256 type $6 compared equal agreement meanDifference largestDifference missingDiffers 8;
    set scr_json.outputs;
    keep name type compared equal agreement meanDifference largestDifference missingDiffers;
  run;
  libname scr_json clear;
  proc print data=&out noobs;
  run;
%mend;

/* Prints the traffic table. With table=, rows of REVISION=PERCENT that total 100, sets it as a whole; a tag comes with
   its revision: table=sr-hmeq-00001=80 sr-hmeq-00002:challenger=20. A revision that is left out gets nothing. */
%macro scr_traffic(model=, table=);
  %local i row target;
  %if %length(&table) %then %do;
    filename scr_body temp;
    proc json out=scr_body nosastags;
      write open array;
      %do i = 1 %to %sysfunc(countw(&table, %str( )));
        %let row = %scan(&table, &i, %str( ));
        %let target = %scan(&row, 1, =);
        write open object;
        write values "revision" "%scan(&target, 1, :)" "percent" %scan(&row, 2, =);
        %if %index(&target, :) %then %do;
          write values "tag" "%scan(&target, 2, :)";
        %end;
        write close;
      %end;
      write close;
    run;
    proc http method="PUT" url="&scr_url./models/&model./traffic?wait=300" &scr_login in=scr_body ct="application/json" out=answer timeout=330;
    run;
    %scr_expect(200 202)
    %scr_waited(The traffic of &model is as asked for)
  %end;
  %else %do;
    proc http method="GET" url="&scr_url./models/&model./traffic" &scr_login out=answer timeout=60;
    run;
    %scr_expect(200)
  %end;
  %scr_shares
%mend;

/* All traffic to the revision with this tag, or to the one of this name. */
%macro scr_promote(model=, tag=challenger, revision=);
  filename scr_body temp;
  proc json out=scr_body nosastags;
    write open object;
    %if %length(&revision) %then %do;
      write values "revision" "&revision";
    %end;
    %else %do;
      write values "tag" "&tag";
    %end;
    write close;
  run;
  proc http method="POST" url="&scr_url./models/&model./promote?wait=300" &scr_login in=scr_body ct="application/json" out=answer timeout=330;
  run;
  %scr_expect(200 202)
  %scr_waited(The traffic of &model has moved)
  %scr_shares
%mend;

/* Exactly the table before the present one; called again, the one before that. */
%macro scr_rollback(model=);
  proc http method="POST" url="&scr_url./models/&model./rollback?wait=300" &scr_login out=answer timeout=330;
  run;
  %scr_expect(200 202)
  %scr_waited(The traffic of &model is as it was before)
  %scr_shares
%mend;

/* Prints the answer of a call about traffic: what serves now. */
%macro scr_shares;
  libname scr_json json fileref=answer;
  data work.scr_traffic;
    length revision $63 percent 8 tag $63;
    set scr_json.traffic;
    keep revision percent tag;
  run;
  libname scr_json clear;
  proc print data=work.scr_traffic noobs;
  run;
%mend;
