/* What the programs of this folder share: where the service is, and what happens when it says no. */

/* The service inside the cluster; from elsewhere the address your platform engineer gives you. */
%let scr_url = http://scr-modelops.sas-model-inference.svc.cluster.local;

filename body temp;
filename answer temp;

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
    libname problem json fileref=&from;
    %if &SYSLIBRC eq 0 %then %do;
      data _null_;
        length detail remedy $2000;
        set problem.root;
        put 'ERROR: ' detail;
        put 'ERROR: What to do: ' remedy;
      run;
      libname problem clear;
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
